/** discovery.instrument: which devices are watched, and how weir gets onto their hooks. */
import * as v from "valibot";
import { namePattern } from "../../name_pattern.ts";
import { accepted, choice, group, listOf, setting, text, whole, word } from "./kinds.ts";

/** A device's name, glob or /regex/, or one of them behind "!". */
function interfacePattern() {
  return v.pipe(
    v.string("a text is wanted"),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      try {
        namePattern(dataset.value.replace(/^!/, ""));
      } catch (error) {
        addIssue({ message: `"${dataset.value}" is no pattern: ${(error as Error).message}` });
      }
    }),
  );
}

export const instrument = group("Which devices are watched, and how.", {
  interfaces: setting(
    "Names, globs or /regular expressions/; a pattern behind ! excludes. Empty: every device that is up.",
    listOf(interfacePattern()),
    [],
  ),
  attach: setting("The kind of hook; auto: tcx where the kernel has it.", word(["auto", "tcx", "tc"]), "auto"),
  tcx_order: setting("Before or behind other programs on a tcx hook.", word(["first", "last"]), "first"),
  tc_priority: setting("The filter's priority on a tc hook.", whole(1, 32_767), 1),
  network_namespace: choice("Watch another network namespace; /proc/1/ns/net is the host's.", text()),
  auto_discover_interfaces: accepted("weir always follows devices as they come and go", { fixed: true }),
});
