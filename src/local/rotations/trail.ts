import type { StoredSecret } from '../store/stored-secret.js';

/** @inline */
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
  /** AWS service that the event is about. */
  readonly eventSource: 'secretsmanager.amazonaws.com';
  /** Name of the event, such as `RotationSucceeded`. */
  readonly eventName: TrailEventName;
  /** CloudTrail's type of the event: AWS caused it, no caller. */
  readonly eventType: 'AwsServiceEvent';
  /** `Rotation-<ARN of the secret>-<ClientRequestToken>` */
  readonly requestID: string;
  /** Function and step that failed. The function's error is in its own log only. */
  readonly errorMessage?: string;
  /** Details of the event. */
  readonly additionalEventData: {
    /** ARN of the secret. */
    readonly SecretId: string;
  };
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
