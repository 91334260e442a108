import type { StoredSecret } from '../store/stored-secret.js';

type TrailEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned'
  | 'TestRotationStarted'
  | 'TestRotationSucceeded'
  | 'TestRotationFailed';

/** An event of Secrets Manager, as CloudTrail records it. */
export interface TrailEvent {
  /** When it happened. */
  readonly eventTime: Date;
  readonly eventSource: 'secretsmanager.amazonaws.com';
  /** Name of the event, such as `RotationSucceeded`. */
  readonly eventName: TrailEventName;
  readonly eventType: 'AwsServiceEvent';
  /** `Rotation-<ARN of the secret>-<ClientRequestToken>` */
  readonly requestID: string;
  /** Function and step that failed. The function's error is in its own log only. */
  readonly errorMessage?: string;
  /** The secret's ARN. */
  readonly additionalEventData: { readonly SecretId: string };
}

/** Records the events, oldest first. */
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
