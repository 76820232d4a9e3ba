"""A drawing of an order of effects, without a layout program: rows in program order, edges as arcs beside them."""

from html import escape

_ROW = 22
_CHARACTER = 7.3
_INDENT = 18
# Arcs of edges over so many rows and more look alike.
_WIDEST = 160


def draw(order) -> str:
    """The SVG text of an `EffectOrder`."""
    bulge = max((_bulge(e) for e in order.edges), default=0)
    left = bulge + 24
    rows = [_row(effect, left) for effect in order.effects]
    width = left + max((_INDENT * e.depth + _CHARACTER * len(_label(e)) for e in order.effects), default=200) + 16
    height = _ROW * (len(order.effects) + 1) + 12
    title = escape(repr(order).strip("<>"), quote=False)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
            f'viewBox="0 0 {width:.0f} {height}" font-family="monospace" font-size="12">',
            f"<title>{title}</title>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#446"/></marker></defs>',
            f'<text x="8" y="16" font-weight="bold">{title}</text>',
            *(_arc(edge, left) for edge in order.edges),
            *rows,
            "</svg>",
        ]
    )


def _y(effect) -> int:
    return _ROW * (effect.id + 1) + 12


def _label(effect) -> str:
    region = f"[{effect.region}] " if effect.region else ""
    source = f"   {effect.source}" if effect.source else ""
    return f"{region}{effect}{source}"


def _row(effect, left) -> str:
    x = left + _INDENT * effect.depth
    kind = "#b22" if "outcome" in effect.resources or effect.external else "#264"
    return (
        f'<circle cx="{left}" cy="{_y(effect)}" r="3.5" fill="{kind}"/>'
        f'<text x="{x + 10}" y="{_y(effect) + 4}" xml:space="preserve">{escape(_label(effect), quote=False)}</text>'
    )


def _bulge(edge) -> float:
    return min(14 + 7 * (edge.after.id - edge.before.id), _WIDEST)


def _arc(edge, left) -> str:
    start, end, bulge = _y(edge.before), _y(edge.after), _bulge(edge)
    return (
        f'<path d="M{left - 4},{start} C{left - 4 - bulge},{start} {left - 4 - bulge},{end} {left - 5},{end}" '
        f'fill="none" stroke="#446" stroke-opacity="0.7" marker-end="url(#arrow)">'
        f"<title>{escape(str(edge), quote=False)}</title></path>"
    )
