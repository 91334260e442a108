import { httpUrl } from '../../src/index.js';

/** Origins of a Microsoft cloud. */
export interface EntraCloud {
  /** Origin of Microsoft Entra ID, which issues tokens: `https://login.microsoftonline.com`. */
  readonly login: string;
  /** Origin of Microsoft Graph: `https://graph.microsoft.com`. */
  readonly graph: string;
}

/** From https://learn.microsoft.com/graph/deployments. */
const CLOUDS = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  'us-government-l4': { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  'us-government-l5': { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
} as const satisfies Record<EntraCloudName, EntraCloud>;

/** Name of a Microsoft cloud. */
export type EntraCloudName = 'global' | 'us-government-l4' | 'us-government-l5' | 'china';

/** @throws TypeError if the name is unknown, or an origin is not a URL */
export function cloudOf(cloud: EntraCloudName | EntraCloud): EntraCloud {
  if (typeof cloud !== 'string') {
    return { login: httpUrl(cloud.login, 'login').origin, graph: httpUrl(cloud.graph, 'graph').origin };
  }
  if (Object.hasOwn(CLOUDS, cloud)) return CLOUDS[cloud];
  throw new TypeError(`cloud must be one of ${Object.keys(CLOUDS).join(', ')}, or have "login" and "graph"`);
}
