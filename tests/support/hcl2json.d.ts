/** What tests use of @cdktf/hcl2json, whose own types would bring those of browsers along. */
export function parse(name: string, text: string): Promise<Record<string, unknown>>;
