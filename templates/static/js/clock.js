// The venue's time: the server's clock, counted on in the browser (a rehearsal runs faster and skips its nights), through its sleep too.

export class Clock {
  /** pace: {now, speed, until} in microseconds as the server printed them; zone: the venue's IANA name. */
  constructor(pace, zone) {
    this.pace = pace;
    this.read = Date.now();
    const format = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...parts });
    this.format = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.weekday = format({ weekday: "short" });
    this.day = format({ day: "numeric", month: "long" });
    this.date = format({ year: "numeric", month: "2-digit", day: "2-digit" });
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

  /** "09:30", with its day where that is not the one of `now`: "Tue 09:30", "8 June 09:30". As Venue::coming in view/time.rs. */
  coming(micros, now) {
    const days = Math.round((this.midnight(micros) - this.midnight(now)) / 86_400_000);
    const day = days === 0 ? "" : days > 0 && days < 7 ? `${this.weekday.format(micros / 1000)} ` : `${this.day.format(micros / 1000)} `;
    return day + this.hhmm(micros);
  }

  /** The venue's day as a number of milliseconds, to be compared with another. */
  midnight(micros) {
    const [day, month, year] = this.date.format(micros / 1000).split("/");
    return Date.UTC(year, month - 1, day);
  }

  /** "15:42" at the venue. */
  hhmm(micros) {
    return this.format.format(micros / 1000);
  }
}
