// The latest samples of one stream, in arrays that lie in one piece so that they are drawn as they
// are. NaN in every channel marks where samples are missing.

const HELD_S = 40; // what is drawn (30 s) and some, so that old samples are moved out rarely

export class Ring {
  times = new Float64Array(4096);
  values: Float32Array[];
  length = 0;

  constructor(n_channels: number) {
    this.values = Array.from({ length: n_channels }, () => new Float32Array(4096));
  }

  get last_s(): number {
    return this.length ? (this.times[this.length - 1] ?? 0) : -Infinity;
  }

  // times: of each sample where they are irregular (step_s 0); values: channel after channel.
  push(first_s: number, step_s: number, times: Float64Array | null, values: Float32Array, n: number): void {
    if (n === 0) return;
    this.makeRoom(n + 1);
    const last_s = this.last_s;
    if (step_s > 0 && this.length && first_s - last_s > 1.5 * step_s) this.breakAt(last_s + step_s);
    for (let i = 0; i < n; i++) this.times[this.length + i] = times ? (times[i] ?? 0) : first_s + i * step_s;
    this.values.forEach((held, c) => held.set(values.subarray(c * n, (c + 1) * n), this.length));
    this.length += n;
  }

  // Index of the first sample at or after time_s.
  from(time_s: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.times[middle] ?? 0) < time_s) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private breakAt(time_s: number): void {
    this.times[this.length] = time_s;
    for (const held of this.values) held[this.length] = NaN;
    this.length += 1;
  }

  private makeRoom(n: number): void {
    if (this.length + n <= this.times.length) return;
    this.dropBefore(this.last_s - HELD_S);
    while (this.length + n > this.times.length / 2) this.grow();
  }

  private dropBefore(time_s: number): void {
    const start = this.from(time_s);
    this.times.copyWithin(0, start, this.length);
    for (const held of this.values) held.copyWithin(0, start, this.length);
    this.length -= start;
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    times.set(this.times);
    this.times = times;
    this.values = this.values.map((held) => {
      const wider = new Float32Array(times.length);
      wider.set(held);
      return wider;
    });
  }
}
