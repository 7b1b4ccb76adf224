/** What the types of the service's own events begin with; a module's begin otherwise. */
const OWN_PREFIXES: ReadonlySet<string> = new Set([
  'message',
  'reaction',
  'pin',
  'member',
  'members',
  'room',
  'stream',
]);

/** Whether events of this type are the service's own. */
export function isOwnType(type: string): boolean {
  const [prefix = ''] = type.split('.');
  return OWN_PREFIXES.has(prefix);
}
