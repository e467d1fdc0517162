/**
 * Tests of what only newer kernels have. On an older one the test is skipped, saying what it needs; on a newer one it
 * runs, and so fails where the feature is missing all the same: no skip without proof.
 */

/** "6.18.5-cloud-amd64" → [6, 18] */
function versionOf(release: string): [number, number] {
  const [major = 0, minor = 0] = release.split(".").map((part) => parseInt(part, 10));
  return [major, minor];
}

function isOlder(release: string, since: string): boolean {
  const [major, minor] = versionOf(release);
  const [sinceMajor, sinceMinor] = versionOf(since);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}

/** Registers a test for kernels from `since` on, which have `what`. */
export function requires(what: string, since: string, name: string, test: (t: Deno.TestContext) => unknown): void {
  const release = Deno.osRelease();
  const ignore = isOlder(release, since);
  const why = ignore ? ` (skipped: needs ${what}, Linux ${since}; this is ${release})` : "";
  Deno.test({ name: name + why, ignore, fn: async (t) => void await test(t) });
}
