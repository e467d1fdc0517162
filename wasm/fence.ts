// Keeps the slot's data from being read after the generation that vouches for it. An atomic exchange stands in for
// atomic.fence, which asc 0.28.20 emits in a form that its own validator refuses and its optimiser drops. The
// generation's load behind it is atomic (arm64: ldar), which no CPU performs before an exchange's store, nor that
// before earlier loads.

import { CONTROL_FENCE } from "./memory_map";

@inline export function fence(): void {
  atomic.xchg<u32>(CONTROL_FENCE, 0);
}
