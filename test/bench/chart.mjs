import { fixed } from './text.mjs';

const WIDTH = 760;
const BAR_LEFT = 210;
const BAR_WIDTH = 470;
const TOP = 64;
const ROW = 26;
const BAR = 16;
/** Neither light nor dark: whoever shows the picture may have a scheme that the browser does not know of. */
const COLOURS = { text: '#737d88', bundle: '#3d8bd9', naive: '#c9702e' };

/** Horizontal bars for the time that each module takes to load, as SVG. */
export function chart(imports, processes) {
  const longest = Math.max(...imports.map(({ ms }) => ms));
  const height = TOP + imports.length * ROW + 12;
  const bars = imports.map(({ name, ms }, n) => {
    const middle = TOP + n * ROW + ROW / 2;
    const width = Math.max(1, (ms / longest) * BAR_WIDTH);
    const colour = name.startsWith('naive') ? COLOURS.naive : COLOURS.bundle;
    return `  <text x="${BAR_LEFT - 8}" y="${middle}" text-anchor="end">${escaped(name)}</text>
  <rect x="${BAR_LEFT}" y="${middle - BAR / 2}" width="${fixed(width)}" height="${BAR}" fill="${colour}"/>
  <text x="${fixed(BAR_LEFT + width + 6)}" y="${middle}">${fixed(ms)} ms</text>`;
  });
  const title = 'Time to import each Lambda bundle, in milliseconds';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
  <title>${title}</title>
  <g fill="${COLOURS.text}" font-family="system-ui, sans-serif" font-size="13" dominant-baseline="central">
  <text x="8" y="20" font-size="16" font-weight="600">${title}</text>
  <text x="8" y="42">median of ${processes} cold processes each, Node.js ${process.version}; shorter is better</text>
${bars.join('\n')}
  </g>
</svg>
`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
