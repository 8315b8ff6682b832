"""The style sheet of the page: light and dark, wide and narrow, on a screen and on paper.

Colours keep a contrast of at least 4.5 to 1 on their ground (WCAG 1.4.3), and no colour is the only sign of anything.
"""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --page: #fff; --band: #f6f8fa;
  --now: #b3261e; --soon: #8a5000; --later: #0b5fa5; --quiet: #57606a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b1; --line: #30363d; --page: #0d1117;
  --band: #161b22; --now: #ff8f86; --soon: #f0b35c; --later: #79b8ff; --quiet: #9da7b1 } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 auto;
  max-width: 76rem; padding: 1.5rem; overflow-wrap: break-word }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem } p { margin: .4rem 0 } .soft { color: var(--soft) }
a { color: inherit } nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0 }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 3px solid var(--later); outline-offset: 2px }
tr:target { outline: 2px solid var(--later) }
.skip, caption { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: .5rem }
.wide { overflow-x: auto; position: relative }
table { border-collapse: collapse; width: 100%; font-size: .94rem }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
tbody th { font-weight: inherit } thead th { background: var(--band) }
td, tbody th { overflow-wrap: anywhere; min-width: 6rem } tbody th { min-width: 11rem } td.n, th.n { min-width: 2rem }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal }
.n ul { text-align: left; overflow-wrap: anywhere }
code { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere }
.u0, .u1 { color: var(--now); font-weight: 600 } .u2 { color: var(--soon); font-weight: 600 }
.u3 { color: var(--later) } .u9 { color: var(--quiet) }
.bar { display: flex; height: 1rem; border-radius: .25rem; overflow: hidden; background: var(--line); margin: .6rem 0 }
.bar span { display: block } .bg0, .bg1 { background: var(--now) } .bg2 { background: var(--soon) }
.bg3 { background: var(--later) } .bg9 { background: var(--quiet) }
summary { cursor: pointer } ul { margin: .3rem 0; padding-left: 1.2rem } tr div > ul:first-child { margin-top: 0 }
.plain { list-style: none; padding-left: 0 }
.path { display: flex; flex-wrap: wrap; gap: .25rem 0; list-style: none; margin: .1rem 0; padding: 0 }
.path li { border: 1px solid var(--line); border-radius: .4rem; padding: 0 .45rem; background: var(--band) }
.path li + li { margin-left: 1.4rem; position: relative }
.path li + li::before { content: '\\2192' / ''; position: absolute; left: -1.2rem; color: var(--soft) }
.tag { font-size: .8rem; font-weight: 600; color: var(--now); border: 1px solid; border-radius: .25rem;
  padding: 0 .25rem; white-space: nowrap } .tag.new { color: var(--later) }
@media (max-width: 44rem) {
  body { padding: 1rem } thead { position: absolute; left: -99rem }
  table, tbody, tr, td, tbody th { display: block }
  tr { border: 1px solid var(--line); border-radius: .4rem; margin: 0 0 .75rem; padding: .35rem 0 }
  td, td.n, tbody th, tbody th.n { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .5rem;
    text-align: left; border: 0; padding: .2rem .6rem }
  td::before, tbody th::before { content: attr(data-label); color: var(--soft); font-weight: 400 }
}
@media print { .wide { overflow: visible } .skip, nav { display: none } }
"""
