import { describe, expect, it } from 'vitest';
import { formatBytes, formatDateTime, formatPersonName } from './format.ts';

describe('formatBytes', () => {
  it('keeps three figures at most and carries to the next unit', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(1000)).toBe('1.0 kB');
    expect(formatBytes(52_428_800)).toBe('52.4 MB');
    expect(formatBytes(123_456_789_000)).toBe('123 GB');
  });
});

describe('formatPersonName', () => {
  it('shows the parts of a DICOM name and leaves out empty ones', () => {
    expect(formatPersonName('Doe^Jane')).toBe('Doe, Jane');
    expect(formatPersonName('Doe^Jane^Ann')).toBe('Doe, Jane Ann');
    expect(formatPersonName('Doe^^^Dr')).toBe('Doe, Dr');
    expect(formatPersonName('scan-12')).toBe('scan-12');
  });
});

describe('formatDateTime', () => {
  it('writes the local time, largest unit first', () => {
    expect(formatDateTime(new Date(2026, 0, 31, 9, 5, 59).toISOString())).toBe('2026-01-31 09:05');
  });
});
