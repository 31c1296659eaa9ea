// The device and the networks of a verifier over its whole life: started when first needed, started anew when lost.
// When and how often that is tried may be changed here; what is run on them is the business of the other steps.

export { EngineHost } from "./host.ts";
