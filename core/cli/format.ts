/**
 * Numbers for people.
 *
 * @module
 */

/** Seconds as `12 s`, `3:05` or `2:03:05`. */
export function duration(seconds: number): string {
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  const [hours, minutes, rest] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60, rounded % 60];
  const padded = (part: number) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

/** Estimated seconds as `8 min`, `2.5 hours` or `1,200 hours`. */
export function approximateDuration(seconds: number): string {
  const hours = seconds / 3600;
  if (hours < 1) return `${Math.ceil(seconds / 60)} min`;
  const text = hours.toLocaleString("en-US", { maximumFractionDigits: hours < 10 ? 1 : 0 });
  return `${text} ${text === "1" ? "hour" : "hours"}`;
}

/** A count in millions, `0.11 M`. */
export const millions = (count: number): string => `${(count / 1e6).toFixed(2)} M`;

/** A whole number, `1,234,567`. */
export const whole = (count: number): string => count.toLocaleString("en-US");
