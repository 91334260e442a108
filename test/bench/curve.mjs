import { fixed } from './text.mjs';

const [WIDTH, HEIGHT] = [760, 320];
const PLOT = { left: 60, right: 736, top: 64, bottom: 250 };
/** Neither light nor dark: whoever shows the picture may have a scheme that the browser does not know of. */
const TEXT = '#737d88';
const COLOURS = ['#3d8bd9', '#3da35d', '#8a63d2', '#c9702e', '#c23b4b'];

/** How many requests have failed after each rotation, as SVG: `rows` have `failedAfter`. */
export function curve(rows, rotations) {
  const entries = Object.entries(rows);
  const most = Math.max(1, ...entries.map(([, { failed }]) => failed));
  const at = (n, failed) => {
    const x = PLOT.left + ((PLOT.right - PLOT.left) * n) / rotations;
    const y = PLOT.bottom - ((PLOT.bottom - PLOT.top) * failed) / most;
    return `${fixed(x)},${fixed(y)}`;
  };
  const lines = entries.map(([name, { failedAfter }], n) => {
    const points = [at(0, 0), ...failedAfter.map((failed, i) => at(i + 1, failed))].join(' ');
    const [x, y] = [PLOT.left + (n % 2) * 340, PLOT.bottom + 32 + Math.floor(n / 2) * 18];
    return `  <polyline points="${points}" fill="none" stroke="${COLOURS[n % COLOURS.length]}" stroke-width="2"/>
  <rect x="${x}" y="${y - 5}" width="10" height="10" fill="${COLOURS[n % COLOURS.length]}"/>
  <text x="${x + 16}" y="${y}">${name}</text>`;
  });
  const title = 'Requests that failed, by rotation';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
  <title>${title}</title>
  <g fill="${TEXT}" font-family="system-ui, sans-serif" font-size="13" dominant-baseline="central">
  <text x="8" y="20" font-size="16" font-weight="600">${title}</text>
  <text x="8" y="42">50 clients, ${rotations} rotations each, Node.js ${process.version}; the client’s lines are at zero</text>
  <path d="M${PLOT.left},${PLOT.top} V${PLOT.bottom} H${PLOT.right}" fill="none" stroke="${TEXT}"/>
  <text x="${PLOT.left - 6}" y="${PLOT.top}" text-anchor="end">${most}</text>
  <text x="${PLOT.left - 6}" y="${PLOT.bottom}" text-anchor="end">0</text>
  <text x="${PLOT.right}" y="${PLOT.bottom + 12}" text-anchor="end">${rotations} rotations</text>
${lines.join('\n')}
  </g>
</svg>
`;
}
