"""Colours and style of the report; colour-blind safe, for screen and A4."""

from types import MappingProxyType

__all__ = ["CSS", "INK", "MUTED", "PLOT_STYLE", "RULE", "SIGNAL", "class_colours"]

INK = "#1d2733"
MUTED = "#5c6975"
RULE = "#d5dbe1"

SIGNAL = MappingProxyType(
    {
        "eda": "#1f5f8b",
        "bvp": "#8aa5ba",
        "hr": "#b0401f",
        "acc": "#56636f",
        "temp": "#7b5a86",
        "forecast": "#c07a12",
        "rest": "#17806d",
        "stress": "#cf6a43",
        "held": "#cddfee",
        "good": "#cfe6dc",
        "off_skin": "#ead9f2",
        "off_skin_line": "#8a63a3",
        "artefact": "#ffffff",
        "artefact_line": "#1d2733",
        "gap": "#56636f",
        "unjudged": "#e8ecef",
        "doubtful": "#fbe9bd",
        "doubtful_line": "#c08a1e",
        "poor": "#f4cfc6",
        "poor_line": "#c98b7c",
        "withheld": "#eef0f2",
        "withheld_line": "#b9c1c9",
    }
)
# light, and apart in lightness as well as in hue (after Okabe & Ito's set)
_CLASSES = ("#cddfee", "#f0d9a0", "#8fc1b5", "#b9a7cf", "#8db4d9", "#d9b8a7")

PLOT_STYLE = MappingProxyType(
    {
        "svg.fonttype": "none",
        "font.family": "DejaVu Sans",
        "font.size": 8.0,
        "text.parse_math": False,
        "text.color": INK,
        "axes.edgecolor": "#9aa5af",
        "axes.labelcolor": INK,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "hatch.linewidth": 0.5,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
    }
)


def class_colours(labels: tuple[str, ...]) -> dict[str, str]:
    """Give each class of a bundle its colour; stress always has the same one."""
    others = [label for label in labels if label != "stress"]
    colours = {label: _CLASSES[i % len(_CLASSES)] for i, label in enumerate(others)}
    return {label: colours.get(label, SIGNAL["stress"]) for label in labels}


CSS = """
:root{--ink:#1d2733;--muted:#5c6975;--rule:#d5dbe1;--soft:#f5f7f9;--accent:#1f5f8b;--warn:#8a5a00}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:#fff;color:var(--ink);font:15px/1.45 -apple-system,"Segoe UI",Roboto,
 "Helvetica Neue",Arial,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:28px 28px 40px}
h1{font-size:27px;line-height:1.2;font-weight:650;margin:0;letter-spacing:-.01em;
 overflow-wrap:anywhere}
h2{font-size:17px;font-weight:650;margin:34px 0 8px;padding-top:14px;
 border-top:1px solid var(--rule);break-after:avoid}
h3{font-size:14px;font-weight:650;margin:18px 0 6px;break-after:avoid}
p{margin:0 0 8px;max-width:86ch}
.kicker{color:var(--accent);font-weight:650;font-size:13px;margin:0 0 4px}
.meta{color:var(--ink);margin:6px 0 4px;overflow-wrap:anywhere}
.item{display:inline-block}
.quiet,figcaption,.note{color:var(--muted);font-size:13px}
.quiet{max-width:none}.note{max-width:125ch}
.tiles{display:grid;grid-template-columns:repeat(5,1fr);gap:0;margin:20px 0 6px;
 border:1px solid var(--rule);border-radius:8px;overflow:hidden;break-inside:avoid}
.tile{padding:14px 16px;border-left:1px solid var(--rule)}
.tile:first-child{border-left:0}
.six{grid-template-columns:repeat(3,1fr)}
.six .tile:nth-child(n+4){border-top:1px solid var(--rule)}
.six .tile:nth-child(3n+1){border-left:0}
.tile dt{color:var(--muted);font-size:13px;margin:0 0 2px}
.tile dd{margin:0}
.tile .big{font-size:25px;line-height:1.2;font-weight:650;letter-spacing:-.01em}
.tile .sub{color:var(--muted);font-size:12.5px;line-height:1.35;margin-top:2px}
.box{border:1px solid #e3c37a;border-left-width:5px;background:#fff9e9;border-radius:6px;
 padding:12px 16px;margin:16px 0;break-inside:avoid}
.box strong{display:block;margin-bottom:2px}
.box p{margin:0;max-width:none}
.box code{white-space:nowrap}
code{font:13px/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;
 background:#f0f3f5;padding:1px 5px;border-radius:4px;overflow-wrap:anywhere}
.scroll{overflow-x:auto;break-inside:avoid;margin:8px 0 4px}
table{border-collapse:collapse;min-width:min(100%,640px);font-size:14px}
caption{text-align:left;color:var(--muted);font-size:13px;padding-bottom:4px}
th,td{padding:6px 26px 6px 0;text-align:left;vertical-align:top;
 border-bottom:1px solid var(--rule);overflow-wrap:break-word}
thead th{font-size:12.5px;font-weight:600;color:var(--muted);border-bottom-color:#9aa5af;
 vertical-align:bottom}
tbody th{font-weight:500}
.num{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.off{color:var(--muted);font-style:italic}
tr{break-inside:avoid}
figure{margin:6px 0 4px;break-inside:avoid}
figure svg{display:block;width:100%;height:auto}
svg *{stroke-linejoin:round;stroke-linecap:butt}
svg text{font-family:-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",
 sans-serif!important}
figcaption{margin-top:4px}
.key{display:inline-block;white-space:nowrap;margin-right:14px}
.key i{display:inline-block;width:22px;height:11px;margin-right:6px;vertical-align:-1px;
 border:1px solid var(--rule)}
.doubtful{background:#fbe9bd}
.poor{background:repeating-linear-gradient(135deg,#f4cfc6 0,#f4cfc6 4px,#c98b7c 4px,#c98b7c 5px)}
.withheld{background:
 repeating-linear-gradient(135deg,#eef0f2 0,#eef0f2 4px,#b9c1c9 4px,#b9c1c9 5px)}
.rest{background:#17806d}
.held{background:#cddfee}
.planned{background:#fff;border:1px dashed #5c6975!important}
.good{background:#cfe6dc}
.off_skin{background:repeating-linear-gradient(90deg,#ead9f2 0,#ead9f2 3px,#8a63a3 3px,#8a63a3 4px)}
.artefact{background:
 repeating-linear-gradient(45deg,transparent 0,transparent 3px,#1d2733 3px,#1d2733 4px),
 repeating-linear-gradient(135deg,#fff 0,#fff 3px,#1d2733 3px,#1d2733 4px)}
.dotted{background:radial-gradient(#c08a1e 0,#c08a1e 1px,transparent 1.2px) 0 0/5px 5px #fbe9bd}
.gap{background:#56636f}
.unjudged{background:#e8ecef}
.bar,.scale{display:inline-block;width:110px;height:10px;margin-right:9px;position:relative;
 vertical-align:0;border:1px solid #9aa5af;border-radius:2px;background:#fff}
.bar i{position:absolute;left:0;top:0;bottom:0;background:#1f5f8b}
.scale{height:0;border-width:1px 0 0;vertical-align:4px;width:84px;margin-right:12px}
.scale i{position:absolute;top:-6px;width:11px;height:11px;margin-left:-5px;border-radius:50%;
 background:#1f5f8b}
.pair{white-space:nowrap}
.beside{display:inline-block}
.from{color:var(--muted);font-size:12px;margin:10px 0 0;max-width:140ch}
.hash{font:12.5px/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;
 overflow-wrap:anywhere}
.split{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 44px}
.split table{width:100%;min-width:0}
.split h3{margin-top:6px}
ul{margin:0 0 8px;padding-left:18px}
li{margin:0 0 3px;overflow-wrap:anywhere}
footer{margin-top:34px;padding-top:12px;border-top:1px solid var(--rule);color:var(--muted);
 font-size:13px}
@media screen and (max-width:860px){
 .tiles{grid-template-columns:repeat(2,1fr)}.tile{border-top:1px solid var(--rule)}
 .split{grid-template-columns:minmax(0,1fr)}main{padding:18px}
 figure>div{overflow-x:auto}figure svg{min-width:680px}
}
@media print{
 @page{size:A4 portrait;margin:13mm 13mm 15mm;
  @bottom-right{content:counter(page) " / " counter(pages);font:8pt Arial,sans-serif;
  color:#5c6975}}
 body{font-size:9.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
 main{max-width:none;padding:0}
 h1{font-size:17pt}h2{font-size:11.5pt;margin-top:10pt;padding-top:7pt}h3{font-size:9.5pt}
 .item{display:inline-block}
.quiet,figcaption,.note,caption,.tile dt,thead th{font-size:8pt}
 .from{font-size:7.5pt}.scale{width:44px;margin-right:7px}.bar{width:80px}
 .tiles{grid-template-columns:repeat(5,1fr)}.six{grid-template-columns:repeat(3,1fr)}
 .tile{padding:7pt 8pt;border-top:0}.tile .big{font-size:14pt}.tile .sub{font-size:7.5pt}
 table{font-size:8.5pt}th,td{padding:2.5pt 9pt 2.5pt 0}code{font-size:8pt}
 .scroll{overflow:visible}.long{break-inside:auto}.scroll+.note,.from{break-before:avoid}
 tbody tr:first-child,tbody tr:nth-last-child(2){break-after:avoid}
 figure svg{width:92%}.split{grid-template-columns:1fr 1fr}
 section.whole{break-inside:avoid}
}
"""
