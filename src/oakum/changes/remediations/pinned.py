"""The digests of the shipped remediations: what is run on hosts is just what this version was made and tested with."""

from __future__ import annotations

PINNED: dict[str, str] = {
    "docker-socket-root-only": "0c88ae50ab68fc5606fa0a5c60131c435a8b934011b36cc63722d673c72df381",
    "module-dccp-off": "1185d3dfe52e0a56359e62054c9d4a47599a47c6a89a12a18df1b5ed0bc911eb",
    "module-n-hdlc-off": "efe1d14dd054b894651bd5ec5c7af40037c6eedd6bd05a32f1b491ff4e3e3ed0",
    "module-rds-off": "92540d26c80f581faa5570b1951efa755f80cbc3ee437c6474120d2488d42449",
    "module-tipc-off": "8f627a0074649a456c949c8a6d4ff2b9d71fa16d9906919d21dfdddd6871360e",
    "restart-services-of-openssl": "b4c01c06f98d58db40d4c6ccf05cb4bcb56f3d23a66314b48de451b8694342d7",
    "service-cups-browsed-off": "7e9f8427e8f0dafe3b5de49d9f8ae76fbb0c69deb926872eb0c873d3331c3993",
    "service-rpcbind-off": "2334cb8b648ba2205c0fa41da66792d4fb4424a56c5fe3a258f85c6041787210",
    "setting-tcp-sack-off": "a13bbc08d47ec934c453fc3cbaaa56be68b09e1a42c976ddea559fb5c67dbe58",
    "setting-unprivileged-bpf-off": "575051238591b408f615b9c29e085ccc87d003d17b1efc356bcd9a0b1ad16538",
    "setting-user-namespaces-off": "9a5c62bf74969f2a8fbdf25842ea95d6c579fcf665c7ce3e3f301710d79dc342",
    "setuid-pkexec-off": "5a424af1151301a8b642ba2e65d09d5a36e8e05f9a2f7ef37d7d4f746ea14c9d",
    "sshd-login-grace-time-zero": "f72872862254dcaa260e26ac280d561b9894a48278544d805bb1a5e9013cd38a",
    "sshd-terrapin-ciphers-off": "2aa4dce6e251cb2dde522f04f1ed4ba643c0259fd8ce9716aed894c2f97b14bb",
    "sudo-password-stars-off": "648c723ce45be809c1b0182ebd132dcaebc47dae6c19cacfb87a3b5e34a97e9e",
    "sudoedit-editors-off": "c2d5a9b90454946baec238b7a7fe9fd5209b9c909ef0c9a9794339e4c2de2c22",
}
