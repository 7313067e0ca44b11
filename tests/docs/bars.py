"""Bars with intervals, as a picture (SVG)."""

from html import escape

LINE, MARGIN, LABELS, BARS, FIGURES = 24, 16, 150, 430, 190
WIDTH = MARGIN + LABELS + BARS + FIGURES + MARGIN
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"


def text(x, y, content, **attributes):
    written = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{written}>{escape(content)}</text>'


def row(y, label, value, low, high, figures, colour, scale):
    left, middle = MARGIN + LABELS, y + LINE / 2
    yield text(left - 8, middle + 4, label, text_anchor="end")
    yield f'<rect x="{left}" y="{y + 4}" width="{value * scale:.1f}" height="{LINE - 8}" rx="2" fill="{colour}"/>'
    ends = [left + end * scale for end in (low, high)]
    yield (f'<path d="M{ends[0]:.1f} {middle}H{ends[1]:.1f}M{ends[0]:.1f} {middle - 4}v8M{ends[1]:.1f} {middle - 4}v8" '
           'stroke="#1f2328" fill="none"/>')
    yield text(ends[1] + 8, middle + 4, figures, fill="#59636e")


def draw(title, legend, panels):
    """legend: (name, colour) each; panels: (heading, rows), each row (label, value, low, high, figures, colour). The bars of a
    panel have a scale of their own."""
    height = 2 * MARGIN + LINE + sum(len(rows) + 2 for _, rows in panels) * LINE
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
           f'role="img" aria-label="{escape(title)}">')
    yield f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>'
    yield f'<g font-family="{FONT}" font-size="13" fill="#1f2328">'
    y, x = MARGIN, MARGIN + LABELS
    for name, colour in legend:
        yield f'<rect x="{x}" y="{y + 4}" width="12" height="12" rx="2" fill="{colour}"/>'
        yield text(x + 18, y + 15, name)
        x += 18 + 9 * len(name) + 24
    y += LINE
    for heading, rows in panels:
        yield text(MARGIN, y + LINE, heading, font_weight="bold")
        y += LINE * 1.5
        scale = BARS / max(high for _, _, _, high, _, _ in rows)
        for each in rows:
            yield from row(y, *each, scale)
            y += LINE
        y += LINE / 2
    yield "</g></svg>"
