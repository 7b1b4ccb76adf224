/** Which part of a list is asked for. */
export interface Page {
  /** The `nextCursor` of the part before; undefined for the first. */
  readonly cursor?: string;
  readonly limit?: number;
}

/** Items of a part when the request does not say. */
export const DEFAULT_PAGE = 50;
