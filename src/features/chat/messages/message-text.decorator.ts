import { ValidateBy, type ValidationArguments } from 'class-validator';
import { isText } from '../frames/index.js';

/** Characters of a message. */
export const LONGEST_TEXT = 8000;

/** The text of a message, of 1 to 8000 characters; a message with attachments may have none. */
export const IsMessageText = (): PropertyDecorator =>
  ValidateBy({
    name: 'isMessageText',
    validator: {
      validate: (value: unknown, context?: ValidationArguments) =>
        isText(value, { min: hasAttachments(context) ? 0 : 1, max: LONGEST_TEXT, hasLines: true }),
      defaultMessage: () =>
        'must be text of 1 to 8000 characters, well-formed and without control characters other than line breaks and tabs',
    },
  });

function hasAttachments(context: ValidationArguments | undefined): boolean {
  const { attachmentIds } = (context?.object ?? {}) as { readonly attachmentIds?: unknown };
  return Array.isArray(attachmentIds) && attachmentIds.length > 0;
}
