/**
 * Memory that is used again and again: fresh pages cost as much as what is computed into them. What was taken under a name
 * is overwritten when the name is taken again.
 */
export class Scratch {
  private readonly known = new Map<string, Float64Array>();

  take(name: string, length: number): Float64Array {
    let memory = this.known.get(name);
    if (memory === undefined || memory.length < length) {
      memory = new Float64Array(length);
      this.known.set(name, memory);
    }
    return memory.subarray(0, length);
  }
}
