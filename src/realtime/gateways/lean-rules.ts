import { getMetadataStorage, ValidationTypes, type ValidationArguments } from 'class-validator';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Condition = (body: object, value: unknown) => unknown;
type Rule = (body: object, value: unknown) => boolean;

/** What a property must be, once its conditions hold. */
interface Property {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly rules: readonly Rule[];
}

const known = new WeakMap<object, LeanRules | null>();

/**
 * The rules of a class as class-validator's decorators left them, looked up once instead of for every body: the library
 * walks all classes it knows, and makes an error for every property, before it finds that there is none. These rules say
 * no more than that a body is certainly allowed; what is wrong with any other, and classes with nested, grouped or
 * asynchronous rules, are the library's.
 */
export class LeanRules {
  private constructor(
    private readonly properties: readonly Property[],
    private readonly names: ReadonlySet<string>,
  ) {}

  /** Undefined for a class whose rules only the library can follow. */
  static of(type: new () => object): LeanRules | undefined {
    let rules = known.get(type);
    if (rules === undefined) {
      rules = LeanRules.#read(type);
      known.set(type, rules);
    }
    return rules ?? undefined;
  }

  static #read(type: new () => object): LeanRules | null {
    const storage = getMetadataStorage();
    const all = storage.getTargetValidationMetadatas(type, '', false, false);
    if (all.length === 0 || !all.every(isPlain)) return null;
    const byName = storage.groupByPropertyName(all);
    const properties = Object.keys(byName).map((name) => propertyOf(name, byName[name] ?? []));
    return new LeanRules(properties, new Set(Object.keys(byName)));
  }

  /** Whether the library, asked to forbid what it does not know, would find no error. False says nothing. */
  accept(body: object): boolean {
    for (const name in body) if (!this.names.has(name)) return false;
    return this.properties.every((property) => holds(property, body));
  }
}

function isPlain({ type, groups, constraintCls }: Metadata): boolean {
  if (groups !== undefined && groups.length > 0) return false;
  if (type === ValidationTypes.CONDITIONAL_VALIDATION || type === ValidationTypes.WHITELIST) return true;
  if (type !== ValidationTypes.CUSTOM_VALIDATION && type !== ValidationTypes.IS_DEFINED) return false;
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .every(({ async }) => !async);
}

function propertyOf(name: string, metadatas: readonly Metadata[]): Property {
  const conditional = metadatas.filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION);
  const checked = metadatas.filter(({ constraintCls }) => constraintCls !== undefined);
  return {
    name,
    conditions: conditional.map(({ constraints }) => constraints[0] as Condition),
    rules: checked.filter(({ type }) => type !== ValidationTypes.CONDITIONAL_VALIDATION).flatMap(rulesOf),
  };
}

function rulesOf(metadata: Metadata): Rule[] {
  const { each, validateIf, propertyName: property, constraints } = metadata;
  return getMetadataStorage()
    .getTargetValidatorConstraints(metadata.constraintCls)
    .map(({ instance }) => (body, value) => {
      if (validateIf !== undefined && !validateIf(body, value)) return true;
      const terms: ValidationArguments = {
        targetName: body.constructor.name,
        property,
        object: body,
        value,
        constraints,
      };
      // A promise is not true, so that the library waits for it.
      const passes = (one: unknown) => instance.validate(one, terms) === true;
      if (!each || !isMany(value)) return passes(value);
      return [...(value instanceof Map ? value.values() : value)].every(passes);
    });
}

function isMany(value: unknown): value is unknown[] | Set<unknown> | Map<unknown, unknown> {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function holds({ name, conditions, rules }: Property, body: object): boolean {
  const value: unknown = (body as Record<string, unknown>)[name];
  return !conditions.every((condition) => condition(body, value)) || rules.every((rule) => rule(body, value));
}
