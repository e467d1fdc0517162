/** Where everything of a cluster with nodes is: a network of its own, in namespaces of its own. */

export const CONTROL_PLANE_ADDRESS = "10.201.0.1";
/** Of a host beside the nodes. */
export const OUTSIDE_ADDRESS = "10.201.0.201";
export const NODE_PREFIX_LENGTH = 24;
export const API_PORT = 6443;
export const SERVICE_NETWORK = "10.96.0.0/16";
export const API_SERVICE_ADDRESS = "10.96.0.1";
export const POD_NETWORK = "10.244.0.0/16";

/** A node's, by its place from 0 on. */
export function nodeAddress(place: number): string {
  return `10.201.0.${11 + place}`;
}
