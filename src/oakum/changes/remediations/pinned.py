"""The digests of the shipped remediations: what is run on hosts is just what this version was made and tested with."""

from __future__ import annotations

PINNED: dict[str, str] = {
    "docker-socket-root-only": "5c80dd26b30a4bfc4684e810e40d94facdecebaec37515e711794eab275f186f",
    "module-dccp-off": "1185d3dfe52e0a56359e62054c9d4a47599a47c6a89a12a18df1b5ed0bc911eb",
    "module-n-hdlc-off": "efe1d14dd054b894651bd5ec5c7af40037c6eedd6bd05a32f1b491ff4e3e3ed0",
    "module-rds-off": "92540d26c80f581faa5570b1951efa755f80cbc3ee437c6474120d2488d42449",
    "module-tipc-off": "8f627a0074649a456c949c8a6d4ff2b9d71fa16d9906919d21dfdddd6871360e",
    "restart-services-of-openssl": "b4c01c06f98d58db40d4c6ccf05cb4bcb56f3d23a66314b48de451b8694342d7",
    "service-cups-browsed-off": "7e9f8427e8f0dafe3b5de49d9f8ae76fbb0c69deb926872eb0c873d3331c3993",
    "service-rpcbind-off": "2334cb8b648ba2205c0fa41da66792d4fb4424a56c5fe3a258f85c6041787210",
    "setting-tcp-sack-off": "4845a9e9f45520b17cddc3108eab042cbae9802478f4f9ceef776467c3c38eda",
    "setting-unprivileged-bpf-off": "ff809add75e1146240c3f21b5fcd1f29d5f7ed2f94d4d15f2fd469fa1d9a42e5",
    "setting-user-namespaces-off": "60a37af04bce0ddb3c4386e3faa6d05cc3d83cfa3718fd8a5b6c77655b685dc6",
    "setuid-pkexec-off": "5a424af1151301a8b642ba2e65d09d5a36e8e05f9a2f7ef37d7d4f746ea14c9d",
    "sshd-login-grace-time-zero": "e2b5c5ae1bdd966ad69a8d51c434def02a30df6211db058f3e65601dbb626b3a",
    "sshd-terrapin-ciphers-off": "4aef4d348a441d261dd88aeda17cd343aabaf96cd6636adafbbec0a947e996a9",
    "sudo-password-stars-off": "1b078772c7810a5bb1e4462c2fbe6188c4ba43c2283b85b0d159da8c77a8dbd9",
    "sudoedit-editors-off": "050ea2dc0f5e8061f665bc9fcd9cb717cf9fa844ee9b9160aa3764b62bcb354d",
}
