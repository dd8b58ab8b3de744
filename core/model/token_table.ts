/**
 * Rows of token ids in few typed arrays: a tenth of the memory of lists, and written and read as they are.
 *
 * @module
 */
import type { TokenIds } from "./batch.ts";

type Integers = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** The lists of integers of one name, of all rows. */
interface Column {
  /** `[rows + 1]`: where each row begins in `values`, and their end. */
  readonly offsets: Int32Array<ArrayBuffer>;
  /** Of the narrowest type that holds them. */
  readonly values: Integers;
}

/** Rows of several lists of non-negative integers, by the position of the list. */
export class TokenTable {
  private constructor(readonly rows: number, readonly columns: readonly Column[]) {}

  /** A list of a row, as a view. */
  list(row: number, column: number): TokenIds {
    const { offsets, values } = this.columns[column]!;
    return values.subarray(offsets[row], offsets[row + 1]);
  }

  /** The table as bytes: a header of integers, then the arrays of each column, each from a multiple of 4. */
  toBytes(): Uint8Array[] {
    const header = Int32Array.of(
      this.rows,
      this.columns.length,
      ...this.columns.flatMap(({ values }) => [values.BYTES_PER_ELEMENT, values.length]),
    );
    const arrays = this.columns.flatMap(({ offsets, values }) => [offsets, values]);
    return [header, ...arrays].flatMap(({ buffer, byteOffset, byteLength }) => [
      new Uint8Array(buffer, byteOffset, byteLength),
      new Uint8Array(paddingOf(byteLength)),
    ]);
  }

  /** The table that {@linkcode toBytes} wrote, as views of the bytes, which begin at a multiple of 4 in their buffer. */
  static fromBytes({ buffer, byteOffset }: Uint8Array<ArrayBuffer>): TokenTable {
    let position = byteOffset;
    const read = <T extends Integers>(type: IntegersType<T>, length: number): T => {
      const array = new type(buffer, position, length);
      position += array.byteLength + paddingOf(array.byteLength);
      return array;
    };
    const [rows, count] = new Int32Array(buffer, position, 2) as unknown as [number, number];
    const header = read(Int32Array, 2 + 2 * count);
    const columns = Array.from({ length: count }, (_, column): Column => ({
      offsets: read(Int32Array, rows + 1),
      values: read(typeOfWidth(header[2 + 2 * column]!), header[3 + 2 * column]!),
    }));
    return new TokenTable(rows, columns);
  }

  /** A builder of a table of that many columns. */
  static builder(columns: number): TokenTableBuilder {
    const building = Array.from(
      { length: columns },
      () => ({ offsets: new Growing().push([0]), values: new Growing() }),
    );
    let rows = 0;
    return {
      add: (lists) => {
        rows++;
        building.forEach(({ offsets, values }, column) => offsets.push([values.push(lists[column]!).length]));
      },
      build: () =>
        new TokenTable(
          rows,
          building.map(({ offsets, values }) => ({ offsets: offsets.all, values: narrow(values.all) })),
        ),
    };
  }
}

/** Collects the rows of a {@linkcode TokenTable}. */
export interface TokenTableBuilder {
  /** Adds a row: a list for each column. */
  add(lists: readonly TokenIds[]): void;
  build(): TokenTable;
}

class Growing {
  #values = new Int32Array(1024);
  length = 0;

  push(values: TokenIds): this {
    const end = this.length + values.length;
    if (end > this.#values.length) {
      this.#values = new Int32Array(this.#values.buffer.transfer(8 * end)); // twice what is needed, 4 bytes each
    }
    this.#values.set(values, this.length);
    this.length = end;
    return this;
  }

  get all(): Int32Array<ArrayBuffer> {
    return this.#values.subarray(0, this.length);
  }
}

type IntegersType<T extends Integers> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

const typeOfWidth = (bytes: number): IntegersType<Integers> =>
  bytes === 1 ? Uint8Array : bytes === 2 ? Uint16Array : Int32Array;

function narrow(values: Int32Array<ArrayBuffer>): Integers {
  const largest = values.reduce((largest, value) => Math.max(largest, value), 0);
  return largest < 2 ** 8 ? Uint8Array.from(values) : largest < 2 ** 16 ? Uint16Array.from(values) : values;
}

const paddingOf = (bytes: number): number => (4 - bytes % 4) % 4;
