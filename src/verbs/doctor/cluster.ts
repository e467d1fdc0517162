/**
 * Whether the API server lets weir watch what names come from: it is asked for each permission
 * (authorization.k8s.io/v1, SelfSubjectAccessReview), and nothing is listed.
 */
import type { Requirement } from "../../capture/mod.ts";
import { plainReason } from "../../errors.ts";

export interface Permission {
  /** "" for the core group. */
  group: string;
  resource: string;
  verb: string;
  /** The only one that it is needed in; undefined: all. */
  namespace?: string;
}

/** POSTs JSON to a path of the API server. Rejects where there is no answer. */
export type AskServer = (path: string, body: unknown) => Promise<{ status: number; text: string }>;

const PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const MESSAGE_LENGTH_MAX = 200;

/** One line for all that is allowed, one for each resource that is not. where: the server's name. Never rejects. */
export async function checkPermissions(
  where: string,
  wanted: readonly Permission[],
  ask: AskServer,
): Promise<Requirement[]> {
  try {
    const denied: Permission[] = [];
    for (const permission of wanted) if (!await isAllowed(permission, ask)) denied.push(permission);
    return denied.length ? deniedLines(denied) : [{
      name: "kubernetes",
      state: "ok",
      found: `${where} allows all ${wanted.length} permissions that names need`,
      remedy: "",
    }];
  } catch (error) {
    return [{
      name: "kubernetes",
      state: "missing",
      found: `${where} does not tell: ${plainReason(error)}`,
      remedy: "mend the server's address, its certificate's authority or the credentials",
    }];
  }
}

async function isAllowed(permission: Permission, ask: AskServer): Promise<boolean> {
  const { status, text } = await ask(PATH, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: permission },
  });
  if (status < 200 || status > 299) {
    throw new Error(`HTTP ${status} ${text.trim().slice(0, MESSAGE_LENGTH_MAX)}`.trim());
  }
  return JSON.parse(text)?.status?.allowed === true;
}

function deniedLines(denied: readonly Permission[]): Requirement[] {
  const byResource = Map.groupBy(denied, ({ group, resource }) => group ? `${resource}.${group}` : resource);
  return [...byResource].map(([name, permissions]) => {
    const { group, resource } = permissions[0]!;
    const verbs = permissions.map(({ verb }) => verb);
    return {
      name: `kubernetes ${name}`,
      state: "missing",
      found: `${verbs.join(" and ")} is not allowed`,
      remedy: `add to weir's ClusterRole: apiGroups: ["${group}"], resources: ["${resource}"], ` +
        `verbs: ${JSON.stringify(verbs)}`,
    };
  });
}
