export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A table in Markdown that can be read as it is, with numbers to the right: of all columns but the first. */
export function table(header, rows) {
  const texts = [header, ...rows].map((row) => row.map((cell) => String(cell ?? '')));
  const widths = header.map((_, column) => Math.max(3, ...texts.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, n) => (n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(texts[0]), rule, ...texts.slice(1).map(line)].join('\n');
}

export const fixed = (value, digits = 1) => value?.toFixed(digits);
export const grouped = (value) => value?.toLocaleString('en');
export const mib = (bytes) => fixed(bytes / 1_048_576, 2);
