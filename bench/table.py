"""Tables of figures as text."""


class Ratios:
    """Figures with their lower bounds and limits."""

    HEADER = 'case', 'figure', 'value', 'floor', 'ratio', 'target', 'met?'
    TEXTS = 2

    def __init__(self):
        self.lines = [self.HEADER]

    def ratio(self, case, figure, value, floor, unit, most=None):
        """At most this multiple of the lower bound."""
        ratio = value / floor
        target = most and f'<= {most}'
        self.add(case, figure, number(value, unit), number(floor, unit), f'{ratio:.3f}', target,
                 most and ratio <= most)

    def difference(self, case, figure, value, floor, unit, most):
        """At most this amount above the lower bound."""
        self.add(case, figure, number(value, unit), number(floor, unit),
                 f'{value - floor:+.0f} {unit}', f'<= +{most} {unit}', value - floor <= most)

    def value(self, case, figure, value='', unit=None):
        self.add(case, figure, value and number(value, unit))

    def add(self, case, figure, value, floor='', ratio='', target=None, met=None):
        self.lines.append((case, figure, value, floor, ratio, target or '',
                           {True: 'yes', False: 'NO'}.get(met, '')))

    def print(self):
        print_table(self.lines, self.TEXTS)


def number(value, unit):
    return f'{value:.{1 if unit == "MB" or value >= 10 else 3}f} {unit}'


def print_table(lines, texts):
    """Tuples of texts, the header first; the first `texts` columns are aligned to the left."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    rule = tuple('-' * width for width in widths)
    print()
    for line in (lines[0], rule, *lines[1:]):
        print('  '.join(text.ljust(width) if column < texts else text.rjust(width)
                        for column, (text, width) in enumerate(zip(line, widths))).rstrip())
