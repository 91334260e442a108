import type { StoredSecret } from '../store/stored-secret.js';

type TrailEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned'
  | 'TestRotationStarted'
  | 'TestRotationSucceeded'
  | 'TestRotationFailed';

/** What Secrets Manager does of itself, as CloudTrail records it. */
export interface TrailEvent {
  readonly eventTime: Date;
  readonly eventSource: 'secretsmanager.amazonaws.com';
  readonly eventName: TrailEventName;
  readonly eventType: 'AwsServiceEvent';
  /** `Rotation-<ARN of the secret>-<ClientRequestToken>` */
  readonly requestID: string;
  /** Why it failed: which function, in which step. What the function threw is in its own log only. */
  readonly errorMessage?: string;
  readonly additionalEventData: { readonly SecretId: string };
}

/** The events, oldest first. */
export class Trail {
  readonly events: TrailEvent[] = [];

  record(
    eventName: TrailEventName,
    { arn }: StoredSecret,
    { token, time, errorMessage }: { token: string; time: Date; errorMessage?: string },
  ): void {
    this.events.push({
      eventTime: time,
      eventSource: 'secretsmanager.amazonaws.com',
      eventName,
      eventType: 'AwsServiceEvent',
      requestID: `Rotation-${arn}-${token}`,
      ...(errorMessage !== undefined && { errorMessage }),
      additionalEventData: { SecretId: arn },
    });
  }
}
