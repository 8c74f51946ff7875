"""The style of the page, beside that of its charts: for a screen and paper, with nothing from a network."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
html{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{margin:0;color:var(--ink);background:#fff;font:14px/1.5 var(--letters);font-variant-numeric:tabular-nums}
main{max-width:840px;margin:0 auto;padding:34px 40px 48px}
header.top{border-bottom:3px solid var(--deep);padding-bottom:16px;margin-bottom:24px}
.kind{color:var(--deep);font-size:12px;font-weight:600;letter-spacing:.08em;text-transform:uppercase}
h1{font-size:27px;line-height:1.2;margin:4px 0 6px;font-weight:650}
h2{font-size:19px;margin:38px 0 4px;padding-top:12px;border-top:1px solid var(--grid);font-weight:650}
header.top+h2{border-top:0;margin-top:0;padding-top:0}
h3{font-size:14px;margin:26px 0 2px;font-weight:650}
p{margin:4px 0 10px}
.about{color:var(--faint)}
.note{color:var(--faint);font-size:12.5px;margin:0 0 8px}
ul.short{padding-left:18px;margin:6px 0 14px}
ul.short li{margin:4px 0}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:16px 0 8px}
.tile{background:var(--soft);border-radius:6px;padding:11px 13px 9px}
.tile .name{color:var(--faint);font-size:12px}
.tile .value{font-size:21px;font-weight:650;line-height:1.3;white-space:nowrap}
.tile .change{font-size:12.5px;white-space:nowrap}
figure{margin:6px 0 14px;break-inside:avoid}
.two{display:grid;grid-template-columns:1fr 1fr;gap:8px 20px}
.two>figure{margin:4px 0}
figcaption{font-size:12.5px;font-weight:600;margin-bottom:4px}
th.n{white-space:normal!important}
table{border-collapse:collapse;width:100%;font-size:12.5px;margin:6px 0 14px}
th,td{padding:4px 9px 4px 0;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--faint);font-weight:600;border-bottom:1.5px solid var(--faint)}
td.n,th.n{text-align:right;padding-right:0;padding-left:10px;white-space:nowrap}
tr.base td{color:var(--faint)}
.small{font-size:11.5px;color:var(--faint)}
td.band{font-size:11.5px;color:var(--faint);white-space:nowrap}
code{font:11.5px/1.4 ui-monospace,"Liberation Mono","DejaVu Sans Mono",monospace;word-break:break-all}
footer{margin-top:34px;border-top:1px solid var(--grid);padding-top:10px;color:var(--faint);font-size:12px}
@media print{body{font-size:11px}main{padding:0;max-width:none}h2{margin-top:22px}
h2,h3,figcaption{break-after:avoid}tr,.tile,ul.short li{break-inside:avoid}
section.scenario{break-before:page}@page{size:A4;margin:15mm 14mm}}
@media(max-width:640px){main{padding:18px}.tiles{grid-template-columns:1fr 1fr}
.two{grid-template-columns:1fr}figure{overflow-x:auto}figure.broad>svg{min-width:540px}}
"""
