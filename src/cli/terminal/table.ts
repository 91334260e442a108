export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** The part that stays if the terminal is too narrow. Absent: the column is never shortened. */
  readonly keeps?: 'end' | 'beginning';
  /** Whether the column may be left out if shortening is not enough; the last one goes first. */
  readonly isOptional?: boolean;
  readonly paint?: (row: Row, padded: string) => string;
}

const GAP = '  ';
/** A shorter name is unreadable. */
const SHORTEST = 12;

/** Returns the lines of a table, none wider than `width`. Texts are ASCII: their length is their width. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly string[] {
  const fitting = fit(columns, rows, width);
  const cell = (text: string, of: number, isLast: boolean) => (isLast ? text : text.padEnd(of));
  const lineOf = (textOf: (column: Column<Row>, padded: (text: string) => string) => string) =>
    fitting
      .map(({ column, width: of }, index) =>
        textOf(column, (text) => cell(shortened(text, of, column.keeps), of, index === fitting.length - 1)),
      )
      .join(GAP)
      .trimEnd();
  return [
    lineOf(({ title }, padded) => padded(title)),
    ...rows.map((row) =>
      lineOf(({ text, paint = (_, padded) => padded }, padded) => paint(row, padded(text(row)))),
    ),
  ];
}

interface Fitted<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

function fit<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly Fitted<Row>[] {
  const fitted = columns.map((column) => ({
    column,
    width: Math.max(column.title.length, ...rows.map((row) => column.text(row).length)),
  }));
  const total = (all: readonly Fitted<Row>[]) =>
    all.reduce((sum, one) => sum + one.width + GAP.length, -GAP.length);
  for (;;) {
    const excess = total(fitted) - width;
    if (excess <= 0) return fitted;
    const shrinking = fitted.filter((one) => one.column.keeps && one.width > SHORTEST);
    const room = shrinking.reduce((sum, one) => sum + one.width - SHORTEST, 0);
    const last = fitted.findLastIndex(({ column }) => column.isOptional);
    if (room < excess && last >= 0) fitted.splice(last, 1);
    else {
      let left = excess;
      for (const one of shrinking) {
        const by = Math.min(left, one.width - SHORTEST);
        one.width -= by;
        left -= by;
      }
      return fitted;
    }
  }
}

/** Returns a text of at most that width, if it may be shortened. */
export function shortened(text: string, width: number, keeps: 'end' | 'beginning' | undefined): string {
  if (text.length <= width || keeps === undefined) return text;
  return keeps === 'end' ? `…${text.slice(text.length - width + 1)}` : `${text.slice(0, width - 1)}…`;
}
