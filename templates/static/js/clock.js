// The venue's time: the server's clock, counted on in the browser (a rehearsal runs faster and skips its nights), through its sleep too.

export class Clock {
  /** pace: {now, speed, until} in microseconds as the server printed them; zone: the venue's IANA name. */
  constructor(pace, zone) {
    this.pace = pace;
    this.read = Date.now();
    this.format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  /** Microseconds UTC. */
  now() {
    const told = this.pace.now + (Date.now() - this.read) * 1000 * this.pace.speed;
    return this.pace.until === null ? told : Math.min(told, this.pace.until);
  }

  /** An entry committed at `at` proves that it is at least that late: over a skipped night the clock follows. */
  heard(at) {
    if (at <= this.now()) return;
    const until = this.pace.until !== null && at >= this.pace.until ? null : this.pace.until;
    this.pace = { now: at, speed: this.pace.speed, until };
    this.read = Date.now();
  }

  /** "15:42" at the venue. */
  hhmm(micros) {
    return this.format.format(micros / 1000);
  }
}
