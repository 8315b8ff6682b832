"""The digests of the shipped remediations: what is run on hosts is just what this version was made and tested with."""

from __future__ import annotations

PINNED: dict[str, str] = {
    "docker-socket-root-only": "0c88ae50ab68fc5606fa0a5c60131c435a8b934011b36cc63722d673c72df381",
    "module-dccp-off": "665c43599b0168100ab853b46efbf43e0d5854e6bfe57eade78a8d57d72628cf",
    "module-n-hdlc-off": "f58faa4ae65f3d53f51e8023e5d29f83f10477ae67dd44cc6ceb138cab2feea2",
    "module-rds-off": "b78f25e22362e6f556e7546c27d52e648bdd5afbe7111f40bc084f289c8b3e4e",
    "module-tipc-off": "03b2480e428d2bc6e1858741d7edc1c805790a6240892a6ffaae9179115ccac6",
    "restart-services-of-openssl": "3c6d4c0849d201a446a20108afb47353001857c00de161885e43bce088643c65",
    "service-cups-browsed-off": "9f2ff6023fe713672a60b175536a9d29837172efe70e72702ab76ff388684b8f",
    "service-rpcbind-off": "bd4a9171245cd8db16ef6321666a0d1c0d2c5d6284e0300b2fb33128113880c5",
    "setting-tcp-sack-off": "b86e00c6c27e8bc9448619719e0229d661fbe230f80a3671a71daba275331037",
    "setting-unprivileged-bpf-off": "71c293eca415b5f8030f3bd4e101f661a5d54d9b9fee42f233b7d0f5bd3cb0bb",
    "setting-user-namespaces-off": "a177a212d44df6162bd1cc6aa0d5528888ce93faa24e7deb63f8ce46bb8388f4",
    "setuid-pkexec-off": "890a47dd0a90f152be470695b5e67b1c08d8abf000889b70dc10b322aa219d40",
    "sshd-login-grace-time-zero": "21964de76e9ee119d66b68babe385d3860abbfab173dca584c20d92139ec3c67",
    "sshd-terrapin-ciphers-off": "282aa52403ad8bdd4f3bbe2f4951dbd223d490e84f2ed2d19173852c5f8c4931",
    "sudo-password-stars-off": "4ca41a86d54a6c743a61eafd6410907aba0968f712471b2d4770d99289d6326b",
    "sudoedit-editors-off": "95116e3dd34fb6ad43cf6918e3d7c6f1913bd92c916f68e00f5d0e9c7eadfe54",
}
