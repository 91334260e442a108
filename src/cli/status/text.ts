import { SECRET_STATES, type SecretState, type Timeline } from '../../operate/timeline.js';
import { paint, printable } from '../terminal/screen.js';
import { type Column, shortened, table } from '../terminal/table.js';
import { ageInWords, dateInWords } from '../terminal/time.js';

/** The space and the time that a text is made for. */
export interface Room {
  readonly width: number;
  readonly isWide: boolean;
  readonly now: Date;
  /** The options that a command to copy repeats, with a leading blank. */
  readonly again: string;
}

/** Returns the lines for one secret: its versions, and what is next. */
export function timelineText(timeline: Timeline, room: Room): readonly string[] {
  const { width, isWide } = room;
  const fit = (text: string) => (isWide ? text : shortened(text, width, 'beginning'));
  const rotation = rotationOf(timeline);
  const title = `${timeline.name}  ${timeline.region ?? ''}  ${rotation}`;
  const titles =
    title.length <= width || isWide
      ? [title]
      : [shortened(timeline.name, width, 'end'), fit(`  ${timeline.region ?? ''}  ${rotation}`)];
  return [
    ...titles,
    ...versionLines(timeline, room).map(fit),
    ...dateLines(timeline, room).map(fit),
    ...verdictLines(timeline, room),
  ];
}

function rotationOf({ isRotationOn, functionArn, schedule, owningService, replicaOf }: Timeline): string {
  if (replicaOf !== undefined) return `replica: its primary is in ${replicaOf}`;
  if (owningService !== undefined) return `managed by ${printable(owningService)}`;
  if (!isRotationOn) return 'rotation is off';
  const when = schedule?.startsWith('cron') ? schedule : `every ${schedule}`;
  return [nameOf(functionArn), schedule === undefined ? 'on demand' : when].filter(Boolean).join(', ');
}

function versionLines({ versions, pending }: Timeline, { isWide, now, width }: Room): readonly string[] {
  const labels = versions.map((version) => version.labels.join(' '));
  const longest = Math.max(0, ...labels.map((label) => label.length));
  const lines = versions.map(({ versionId, createdDate }, index) => {
    const age = createdDate === undefined ? '' : ageInWords(now.getTime() - createdDate.getTime());
    const note = versionId === pending?.versionId ? '  not AWSCURRENT: a rotation is not complete' : '';
    const id = isWide ? versionId : versionId.slice(0, 8);
    const text = `  ${labels[index]?.padEnd(longest)}  ${id}  ${age.padStart(6)}`.trimEnd();
    return isWide || text.length + note.length <= width ? text + note : text;
  });
  return lines.length > 0 ? lines : ['  no version has a label: nobody has stored a value'];
}

function dateLines(timeline: Timeline, { now, isWide, width }: Room): readonly string[] {
  const when = (date: Date, relative: string, by = '') => {
    const whole = `${by}${dateInWords(date)}, ${relative}`;
    return isWide || whole.length + 16 <= width ? whole : relative;
  };
  const { lastRotatedDate: last, nextRotationDate: next, replicas, deletedDate } = timeline;
  const shown = replicas.map(({ region, status, message }) =>
    printable([`${region} ${status}`, status === 'Failed' ? message : undefined].filter(Boolean).join(': ')),
  );
  return [
    `  last rotated  ${last ? when(last, agoOf(last, now)) : 'never'}`,
    ...(next ? [`  next          ${when(next, nextOf(next, now), 'by ')}`] : []),
    ...(shown.length > 0 ? [`  replicas      ${shown.join(', ')}`] : []),
    ...(deletedDate ? [`  deleted       ${dateInWords(deletedDate)}, unless it is restored`] : []),
  ];
}

/** Returns the state, and what to do about it. */
function verdictLines(
  { name, state, pending, isHealthy, nextRotationDate: next }: Timeline,
  { now, again }: Room,
): readonly string[] {
  const doctor = `quarterturn doctor ${name}${again}`;
  switch (state) {
    case 'stuck':
    case 'in-flight': {
      const age = pending?.since ? ` for ${ageInWords(now.getTime() - pending.since.getTime())}` : '';
      const why =
        pending?.trouble === 'rotation-off'
          ? ': rotation is off, so nothing will complete it'
          : pending?.trouble === 'on-previous'
            ? ': AWSPENDING is on the version of AWSPREVIOUS, so no rotation can begin'
            : '';
      const line = paint(colourOf(state, isHealthy), state === 'stuck' ? 'STUCK' : 'in-flight');
      return [`  ${line}${age}${why}`, ...(isHealthy ? [] : [`  find out why  ${doctor}`])];
    }
    case 'overdue':
      return [`  ${paint('red', 'OVERDUE')}: ${next ? nextOf(next, now) : ''}`, `  find out why  ${doctor}`];
    case 'unreplicated':
      return [`  ${paint('red', 'a replica has FAILED')}: readers there do not get the new value`];
    case 'unused':
      return [`  ${paint('yellow', 'unused')}: nobody has read it for 90 days`];
    default:
      return [];
  }
}

function colourOf(state: SecretState, isHealthy: boolean): 'green' | 'yellow' | 'red' {
  if (isHealthy) return 'green';
  return state === 'stuck' || state === 'overdue' || state === 'unreplicated' ? 'red' : 'yellow';
}

/** With more rows than this, those that are ok become one. */
const FEW = 10;

/** Returns a table of many secrets, in the order given, and the count of each state. */
export function manyText(timelines: readonly Timeline[], showsAll: boolean, room: Room): readonly string[] {
  const ok = timelines.filter(({ state }) => state === 'ok');
  const isShort = showsAll || timelines.length <= FEW || ok.length < 2;
  const rows: readonly Row[] = isShort
    ? timelines
    : timelines.filter((timeline) => timeline.state !== 'ok' || timeline === ok[0]);
  const more = isShort ? '' : ` (and ${ok.length - 1} more; --all)`;
  const name = (row: Row) => (more !== '' && row === ok[0] ? `${row.name}${more}` : row.name);
  const width = room.isWide ? Number.POSITIVE_INFINITY : room.width;
  return [...table(columns(room.now, name), rows, width), summaryOf(timelines)];
}

type Row = Timeline;

function columns(now: Date, name: (row: Row) => string): readonly Column<Row>[] {
  return [
    {
      title: 'STATE',
      text: ({ state }) => state,
      paint: ({ state, isHealthy }, padded) => paint(colourOf(state, isHealthy), padded),
    },
    { title: 'SECRET', text: name, keeps: 'end' },
    {
      title: 'ROTATED',
      text: ({ lastRotatedDate: date }) => (date ? agoOf(date, now) : 'never'),
      isOptional: true,
    },
    {
      title: 'NEXT',
      text: ({ nextRotationDate: date, isRotationOn }) => (date && isRotationOn ? nextOf(date, now) : '-'),
      isOptional: true,
    },
    {
      title: 'PENDING',
      text: ({ pending }) => (pending ? pendingAge(pending.since, now) : '-'),
      isOptional: true,
    },
    {
      title: 'FUNCTION',
      text: ({ functionArn }) => nameOf(functionArn) ?? '-',
      isOptional: true,
    },
  ];
}

function pendingAge(since: Date | undefined, now: Date): string {
  return since ? ageInWords(now.getTime() - since.getTime()) : 'yes';
}

/** Returns `45 secrets: 1 stuck, 1 overdue, 43 ok`. */
function summaryOf(timelines: readonly Timeline[]): string {
  const counts = Object.entries(countsOf(timelines)).map(([state, count]) => `${count} ${state}`);
  return `${timelines.length} ${timelines.length === 1 ? 'secret' : 'secrets'}: ${counts.join(', ')}`;
}

/** Returns the count of each state, the worst first. */
export function countsOf(timelines: readonly Timeline[]): Readonly<Partial<Record<SecretState, number>>> {
  const counts = SECRET_STATES.map(
    (state) => [state, timelines.filter((timeline) => timeline.state === state).length] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function nameOf(functionArn: string | undefined): string | undefined {
  return functionArn?.split(':function:')[1];
}

function agoOf(date: Date, now: Date): string {
  return `${ageInWords(now.getTime() - date.getTime())} ago`;
}

function nextOf(date: Date, now: Date): string {
  const left = date.getTime() - now.getTime();
  return left >= 0 ? `in ${ageInWords(left)}` : `${ageInWords(-left)} late`;
}
