import { httpUrl } from '../../src/index.js';

/** Where Microsoft Entra ID issues tokens, and where Microsoft Graph takes them. */
export interface EntraCloud {
  readonly login: string;
  readonly graph: string;
}

/** As https://learn.microsoft.com/graph/deployments lists them. */
const CLOUDS = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  'us-government-l4': { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  'us-government-l5': { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
} as const satisfies Record<string, EntraCloud>;

export type EntraCloudName = keyof typeof CLOUDS;

/** @throws TypeError for a cloud that is none */
export function cloudOf(cloud: EntraCloudName | EntraCloud): EntraCloud {
  if (typeof cloud !== 'string') {
    return { login: httpUrl(cloud.login, 'login').origin, graph: httpUrl(cloud.graph, 'graph').origin };
  }
  if (Object.hasOwn(CLOUDS, cloud)) return CLOUDS[cloud];
  throw new TypeError(`cloud must be one of ${Object.keys(CLOUDS).join(', ')}, or have "login" and "graph"`);
}
