import { RotationError, type StepContext } from '../../src/index.js';
export async function managedTarget(
  secretId: string,
  _tags: unknown,
  _context: StepContext,
): Promise<{ engine: string; host: string; port: number }> {
  throw new RotationError('ERR_SECRET_MALFORMED', secretId);
}
export async function isReplicaOf(_host: string, _primary: string, _context: StepContext): Promise<boolean> {
  return false;
}
