// Collects what people read: Markdown's prose, the strings that are sentences, and comments.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');

/** Strings here are code, or tables: programs of shells, Terraform and the CDK, and lists of characters. */
const NO_PROSE =
  /^src\/cli\/(?:completion\/|init\/(?:names|runners|texts|templates)|policy\/(?:terraform|cdk))|saslprep-tables/;

/** @typedef {{ file: string, line: number, text: string }} Text */

/** Each string of a TypeScript file that reads as words; `…` stands for what is put in. @returns {Text[]} */
export function stringsIn(file) {
  if (NO_PROSE.test(file)) return [];
  const { source, lineOf } = parsed(file);
  const found = [];
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    const text = textOf(node);
    if (text === undefined) ts.forEachChild(node, visit);
    else if (
      /[a-z]+ [a-z]+ [a-z]+/.test(text) &&
      !/\b(?:SELECT|ALTER|CREATE|GRANT|INSERT)\b.* \w+/.test(text)
    ) {
      found.push({ file, line: lineOf(node.getStart()), text });
    }
  };
  visit(source);
  return found;
}

/** Comments, one after another; lines that follow each other are one. @returns {Text[]} */
export function commentsIn(file) {
  const { source, lineOf } = parsed(file);
  const text = source.getFullText();
  const found = [];
  const seen = new Set();
  const visit = (node) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) add(pos, end);
    for (const { pos, end } of ts.getTrailingCommentRanges(text, node.getEnd()) ?? []) add(pos, end);
    node.getChildren().forEach(visit);
  };
  const add = (pos, end) => {
    if (seen.has(pos)) return;
    seen.add(pos);
    const words = text
      .slice(pos, end)
      .replace(/^\/\*\*?|\*\/$/g, '')
      .replace(/^\s*(?:\*|\/\/) ?/gm, '')
      .replace(/```[\s\S]*?```/g, '');
    const last = found.at(-1);
    const line = lineOf(pos);
    if (last?.until === line - 1 && text.startsWith('//', pos)) {
      last.text += `\n${words}`;
      last.until = line;
    } else found.push({ file, line, until: lineOf(end), text: words });
  };
  visit(source);
  return found;
}

/** Markdown without its code, one paragraph each. @returns {Text[]} */
export function paragraphsIn(file) {
  const found = [];
  let isCode = false;
  let paragraph;
  readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (line.trimStart().startsWith('```')) isCode = !isCode;
      if (isCode || line.trim() === '' || /^\s*```/.test(line)) {
        paragraph = undefined;
      } else if (line.startsWith('|')) {
        const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
        for (const text of cells)
          if (/ \w/.test(text)) found.push({ file, line: index + 1, text, isCell: true });
      } else {
        if (!paragraph || /^(?:#|\s*(?:[-*]|\d+\.) )/.test(line)) {
          paragraph = { file, line: index + 1, text: '' };
          found.push(paragraph);
        }
        paragraph.text += `${paragraph.text === '' ? '' : '\n'}${line}`;
        if (line.startsWith('#')) paragraph = undefined;
      }
    });
  return found;
}

/** Its sentences, without Markdown's signs. @returns {string[]} */
export function sentencesOf(text) {
  return text
    .replace(/`[^`]*`/g, 'code')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?:;])["')\]]* +/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

export function countWords(text) {
  return text.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

function parsed(file) {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(ROOT, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  return { source, lineOf: (position) => source.getLineAndCharacterOfPosition(position).line + 1 };
}

/** What a literal says, or several that are added up. */
function textOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  }
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : (left ?? '…') + (right ?? '…');
  }
  return undefined;
}
