"""The registered decision points of SSVC: for each namespace a key, its versions, and the keys of its values in order.

Source: https://certcc.github.io/SSVC/data/ (decision points of the namespaces basic, cisa, cvss, nist and ssvc), 2026.
"""

from __future__ import annotations

_BY_NAMESPACE: dict[str, str] = {
    "basic": """
        BP 1.0.0 NN JA JB; CIS_WEP 1.0.0 ANC VU U REC L VL AC; IKE 1.0.0 D G S O; LMH 1.0.0 L M H; MEDIAN 1.0.0 B A;
        MSCW 1.0.0 W C S M; P_2A 1.0.0 LT50 GT50; P_5A 1.0.0 P0_20 P20_40 P40_60 P60_80 P80_100;
        P_5W 1.0.0 P0_30 P30_55 P55_75 P75_90 P90_100; QUARTILES 1.0.0 Q1 Q2 Q3 Q4; QUINTILES 1.0.0 Q1 Q2 Q3 Q4 Q5;
        VALUE_COMPLEXITY 1.0.0 D R E F; YN 1.0.0 N Y;
    """,
    "cisa": """
        BOD2604 1.0.0 FSU 60D 14D 3D 3DF; CISA 1.1.0 T T* AT AC; KEV 1.0.0 N Y; MP 1.0.0 M S E; PE 1.0.0 N Y;
    """,
    "cvss": """
        A 2.0.0 N L H; A 1.0.0 N P C; AC 1.0.0,3.0.0,3.0.1 H L; AC 2.0.0 H M L; AR 1.0.0 L M H ND;
        AR 1.1.0,1.1.1 L M H X; AR_NoX 1.1.1 L M H; AT 1.0.0 P N; AU 1.0.0 N Y X; AV 2.0.0 L A N; AV 1.0.0 L R;
        AV 3.0.0,3.0.1 P L A N; Au 2.0.0 M S N; Au 1.0.0 N R; C 2.0.0 N L H; C 1.0.0 N P C; CDP 1.0.0 N L M H;
        CDP 2.0.0 N LM MH H ND; CR 1.0.0 L M H ND; CR 1.1.0,1.1.1 L M H X; CR_NoX 1.1.1 L M H; CVSS 1.0.0 N L M H C;
        E 2.0.0 U P A X; E 1.0.0 U P F H; E 1.1.0 U P F H ND; E 1.2.0 U POC F H X; EQ1 1.0.0 L M H; EQ2 1.0.0 L H;
        EQ3 1.0.0 L M H; EQ4 1.0.0 L M H; EQ5 1.0.0 L M H; EQ6 1.0.0 L H; E_NoX 2.0.0 U P A; I 2.0.0 N L H;
        I 1.0.0 N P C; IB 1.0.0 N C I A; IR 1.0.0 L M H ND; IR 1.1.0,1.1.1 L M H X; IR_NoX 1.1.1 L M H;
        MA 2.0.0 N L H X; MAC 3.0.0,3.0.1 H L X; MAT 1.0.0 P N X; MAV 3.0.0,3.0.1 P L A N X; MC 2.0.0 N L H X;
        MI 2.0.0 N L H X; MPR 1.0.0,1.0.1 H L N X; MS 1.0.0 U C X; MSA 1.0.0 N L H X; MSA 1.0.1 N L H X S;
        MSA_NoX 1.0.1 N L H S; MSC 1.0.0,1.0.1 N L H X; MSI 1.0.0 N L H X; MSI 1.0.1 N L H X S; MSI_NoX 1.0.1 N L H S;
        MUI 2.0.0 A P N X; MUI 1.0.0 R N X; MVA 3.0.0 N L H X; MVC 3.0.0 N L H X; MVI 3.0.0 N L H X;
        PR 1.0.0,1.0.1 H L N; R 1.0.0 X A U I; RC 2.0.0 U R C X; RC 1.0.0 UC UR C; RC 1.1.0 UC UR C ND;
        RE 1.0.0 X L M H; RL 1.0.0 OF TF W U; RL 1.1.0 OF TF W U X; S 1.0.0 U C; SA 1.0.0 N L H; SC 1.0.0 N L H;
        SF 1.0.0 X P N; SI 1.0.0 N L H; TD 1.0.0 N L M H; TD 1.1.0 N L M H X; U 1.0.0 X C G A R; UI 2.0.0 A P N;
        UI 1.0.0 R N; V 1.0.0 X D C; VA 3.0.0 N L H; VC 3.0.0 N L H; VI 3.0.0 N L H;
    """,
    "nist#800-30": """
        P_5X 1.0.0 VL L M H VH;
    """,
    "ssvc": """
        A 2.0.0 N Y; COORDINATE 1.0.0,1.0.1 D T C; CS 1.0.0 N Y; DSOI 1.0.0 D S O I; E 1.0.0,1.1.0 N P A;
        EXP 1.0.1 S C O; EXP 1.0.0 S C U; HI 2.0.0,2.0.1,2.0.2 L M H VH; HVA 1.0.0 N Y; MI 2.0.0 D MSC MEF MF;
        MI 1.0.0 N NED MSC MEF MF; MWI 1.0.0 L M H; PSI 2.0.0,2.0.1 M S; PUBLISH 1.0.0 N P; PVA 1.0.0 L A P;
        PWI 1.1.0 M MA I; RC 1.0.0 NC C; RP 1.0.0 Y N; SC 1.0.0 O M; SCON 1.0.0 N Y; SE 1.0.0 A U; SI 1.0.0 N M J H C;
        SI 2.0.0,2.0.1 N M R C; SINV 1.0.0 FR C UU; TI 1.0.0 P T; U 1.0.0,1.0.1 L E S; V 1.0.0 S R; VD 1.0.0 D C;
    """,
}


def _read() -> dict[tuple[str, str, str], tuple[str, ...]]:
    points: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for namespace, text in _BY_NAMESPACE.items():
        for line in filter(None, (each.split() for each in text.split(";"))):
            key, versions, *values = line
            points |= {(namespace, key, version): tuple(values) for version in versions.split(",")}
    return points


#: (namespace, key, version) -> the keys of the values, in order.
POINTS = _read()
NAMESPACES = frozenset(_BY_NAMESPACE)
