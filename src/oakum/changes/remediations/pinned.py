"""The digests of the shipped remediations: what is run on hosts is just what this version was made and tested with."""

from __future__ import annotations

PINNED: dict[str, str] = {
    "docker-socket-root-only": "0c88ae50ab68fc5606fa0a5c60131c435a8b934011b36cc63722d673c72df381",
    "module-dccp-off": "665c43599b0168100ab853b46efbf43e0d5854e6bfe57eade78a8d57d72628cf",
    "module-n-hdlc-off": "f58faa4ae65f3d53f51e8023e5d29f83f10477ae67dd44cc6ceb138cab2feea2",
    "module-rds-off": "deec2e09188131cf00ab5331111719f51b31becc2d206cb92c780d8720145107",
    "module-tipc-off": "03b2480e428d2bc6e1858741d7edc1c805790a6240892a6ffaae9179115ccac6",
    "restart-services-of-openssl": "e57882826e02c80070dca538edd2ca4d68c4e6979550d55264cf40fbb275fd8f",
    "service-cups-browsed-off": "7e9f8427e8f0dafe3b5de49d9f8ae76fbb0c69deb926872eb0c873d3331c3993",
    "service-rpcbind-off": "2334cb8b648ba2205c0fa41da66792d4fb4424a56c5fe3a258f85c6041787210",
    "setting-tcp-sack-off": "3dc8c7bda0124eb0fc4b5329947e72afeaf9cfe3793a6f77f1f36687bbf97b48",
    "setting-unprivileged-bpf-off": "6126c0de6888fd813bb2add2a6b3bf42e83e262df962d0c475ccd4a95513abc3",
    "setting-user-namespaces-off": "7219acfc418a0d146e5d7ca6eb891541830a6aa1b9c574012627b6906dcd7b6c",
    "setuid-pkexec-off": "5a424af1151301a8b642ba2e65d09d5a36e8e05f9a2f7ef37d7d4f746ea14c9d",
    "sshd-login-grace-time-zero": "f72872862254dcaa260e26ac280d561b9894a48278544d805bb1a5e9013cd38a",
    "sshd-terrapin-ciphers-off": "2aa4dce6e251cb2dde522f04f1ed4ba643c0259fd8ce9716aed894c2f97b14bb",
    "sudo-password-stars-off": "4ca41a86d54a6c743a61eafd6410907aba0968f712471b2d4770d99289d6326b",
    "sudoedit-editors-off": "95116e3dd34fb6ad43cf6918e3d7c6f1913bd92c916f68e00f5d0e9c7eadfe54",
}
