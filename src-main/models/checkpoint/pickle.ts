import { CheckpointError, damaged } from './checkpoint-error.ts';
import { isKind, type PickleValue } from './pickle-values.ts';

/*
 * Python's pickle (https://github.com/python/cpython/blob/main/Lib/pickletools.py), read and not run: the opcodes that
 * torch.save writes build plain values, a call is looked up in an allow-list, and everything else is refused by name.
 */

export interface PickleHandlers {
  /** Says whether a class or function may be named. @throws CheckpointError */
  global(name: string): PickleValue;
  /** The value of `callable(*args)`. @throws CheckpointError */
  call(name: string, args: PickleValue[]): PickleValue;
  /** The value of a persistent id (a storage, with PyTorch). @throws CheckpointError */
  persistent(id: PickleValue): PickleValue;
}

/** A training checkpoint of ViT-B has about 30,000 values in 200 KB. */
const MOST_BYTES = 8 * 1024 ** 2;
const MOST_STEPS = 1_000_000;

const op = (letter: string) => letter.charCodeAt(0);

/** What may start a program, or what only protocols 0 and 1 write: refused by these names. */
const refusedOpcodes: Record<number, string> = {
  [op('i')]: 'INST',
  [op('o')]: 'OBJ',
  [op('P')]: 'PERSID',
  0x81: 'NEWOBJ',
  0x92: 'NEWOBJ_EX',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x97: 'NEXT_BUFFER',
  0x98: 'READONLY_BUFFER',
};

/**
 * The value that a pickle of protocol 2 to 5 describes. Time and memory are bounded by the limits above.
 *
 * @throws CheckpointError `checkpoint-damaged`, `checkpoint-too-large`, `checkpoint-forbidden` and those of the handlers
 */
export function readPickle(bytes: Uint8Array, handlers: PickleHandlers): PickleValue {
  if (bytes.length > MOST_BYTES) throw tooLarge(`${bytes.length} bytes of description`);
  const machine = new Machine(bytes, handlers);
  return machine.run();
}

const tooLarge = (detail: string) => new CheckpointError('checkpoint-too-large', {}, detail);
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder('utf-8', { fatal: true });

class Machine {
  #at = 0;
  #stack: PickleValue[] = [];
  /** Heights of the stack at each open mark. */
  #marks: number[] = [];
  #memo = new Map<number, PickleValue>();
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #handlers: PickleHandlers;

  constructor(bytes: Uint8Array, handlers: PickleHandlers) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#handlers = handlers;
  }

  run(): PickleValue {
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const code = this.#byte();
      if (code === op('.')) {
        const value = this.#pop();
        if (this.#stack.length > 0) throw damaged('Pickle: something is left over at the end.');
        return value;
      }
      this.#step(code);
    }
    throw tooLarge(`more than ${MOST_STEPS} steps of description`);
  }

  #step(code: number): void {
    switch (code) {
      case 0x80: {
        const protocol = this.#byte();
        if (protocol < 2 || protocol > 5)
          throw damaged(`Pickle: protocol ${protocol} is not read.`);
        return;
      }
      case 0x95: // FRAME
        this.#length8();
        return;
      case op('('):
        this.#marks.push(this.#stack.length);
        return;
      case op('0'):
        this.#pop();
        return;
      case op('1'):
        this.#sinceMark();
        return;
      case op('2'): {
        const top = this.#pop();
        this.#stack.push(top, top);
        return;
      }
      case op('N'):
        return this.#push(null);
      case 0x88:
        return this.#push(true);
      case 0x89:
        return this.#push(false);
      case op('K'):
        return this.#push(this.#byte());
      case op('M'):
        return this.#push(this.#byte() + this.#byte() * 256);
      case op('J'):
        return this.#push(this.#view.getInt32(this.#skip(4), true));
      case 0x8a:
        return this.#push(this.#long(this.#byte()));
      case 0x8b:
        return this.#push(this.#long(this.#length4()));
      case op('G'):
        return this.#push(this.#view.getFloat64(this.#skip(8), false));
      case op('X'):
        return this.#push(this.#text(this.#length4()));
      case 0x8c:
        return this.#push(this.#text(this.#byte()));
      case 0x8d:
        return this.#push(this.#text(this.#length8()));
      case op('U'):
        return this.#push(latin1.decode(this.#take(this.#byte())));
      case op('T'):
        return this.#push(latin1.decode(this.#take(this.#length4())));
      case op('C'):
        return this.#push(this.#take(this.#byte()));
      case op('B'):
        return this.#push(this.#take(this.#length4()));
      case 0x8e:
      case 0x96:
        return this.#push(this.#take(this.#length8()));
      default:
        return this.#structure(code);
    }
  }

  #structure(code: number): void {
    switch (code) {
      case op(')'):
        return this.#push({ kind: 'tuple', items: [] });
      case op('t'):
        return this.#push({ kind: 'tuple', items: this.#sinceMark() });
      case 0x85:
      case 0x86:
      case 0x87:
        return this.#push({ kind: 'tuple', items: this.#popMany(code - 0x84) });
      case op(']'):
      case 0x8f: // EMPTY_SET: as a list, nothing here asks for the difference
        return this.#push({ kind: 'list', items: [] });
      case op('l'):
      case 0x91: // FROZENSET
        return this.#push({ kind: 'list', items: this.#sinceMark() });
      case op('a'):
        return this.#append([this.#pop()]);
      case op('e'):
      case 0x90: // ADDITEMS
        return this.#append(this.#sinceMark());
      case op('}'):
        return this.#push({ kind: 'dict', entries: new Map() });
      case op('d'): {
        const items = this.#sinceMark();
        this.#push({ kind: 'dict', entries: new Map() });
        return this.#setItems(items);
      }
      case op('s'):
        return this.#setItems(this.#popMany(2));
      case op('u'):
        return this.#setItems(this.#sinceMark());
      case op('q'):
        return this.#remember(this.#byte());
      case op('r'):
        return this.#remember(this.#length4());
      case 0x94:
        return this.#remember(this.#memo.size);
      case op('h'):
        return this.#recall(this.#byte());
      case op('j'):
        return this.#recall(this.#length4());
      case op('c'):
        return this.#push(this.#handlers.global(`${this.#line()}.${this.#line()}`));
      case 0x93: {
        const [module, name] = this.#popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw damaged('Pickle: a name is not text.');
        return this.#push(this.#handlers.global(`${module}.${name}`));
      }
      case op('R'): {
        const [callable, args] = this.#popMany(2);
        if (!isKind(args, 'tuple')) throw damaged('Pickle: a call without arguments.');
        if (!isKind(callable, 'global')) throw damaged('Pickle: a call of what is no function.');
        return this.#push(this.#handlers.call(callable.name, args.items));
      }
      case op('b'):
        // State beside the entries, such as `_metadata` of a state dict: not needed.
        this.#pop();
        this.#top();
        return;
      case op('Q'):
        return this.#push(this.#handlers.persistent(this.#pop()));
      default: {
        const name = refusedOpcodes[code];
        if (name) throw new CheckpointError('checkpoint-forbidden', { name: `pickle ${name}` });
        throw damaged(`Pickle: the opcode 0x${code.toString(16)} is not known.`);
      }
    }
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #top(): PickleValue {
    const base = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= base) throw damaged('Pickle: a value is missing.');
    return this.#stack.at(-1)!;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #sinceMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw damaged('Pickle: a mark is missing.');
    return this.#stack.splice(mark);
  }

  #append(items: PickleValue[]): void {
    const list = this.#top();
    if (!isKind(list, 'list')) throw damaged('Pickle: items without a list.');
    for (const item of items) list.items.push(item);
  }

  #setItems(items: PickleValue[]): void {
    const dict = this.#top();
    if (!isKind(dict, 'dict') || items.length % 2 !== 0)
      throw damaged('Pickle: entries without a dict.');
    for (let at = 0; at < items.length; at += 2) dict.entries.set(items[at]!, items[at + 1]!);
  }

  #remember(key: number): void {
    this.#memo.set(key, this.#top());
  }

  #recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw damaged('Pickle: a value is used before it is there.');
    this.#push(value);
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  #length4(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #length8(): number {
    const length = this.#view.getBigUint64(this.#skip(8), true);
    if (length > BigInt(this.#bytes.length)) throw damaged('Pickle: it is cut off.');
    return Number(length);
  }

  /** Moves on by `length` bytes and returns where they begin. */
  #skip(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw damaged('Pickle: it is cut off.');
    this.#at = from + length;
    return from;
  }

  #take(length: number): Uint8Array {
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    try {
      return utf8.decode(bytes);
    } catch {
      throw damaged('Pickle: a text is not UTF-8.');
    }
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw damaged('Pickle: it is cut off.');
    const text = latin1.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** Little-endian two's complement of any length. */
  #long(length: number): number | bigint {
    if (length > 16) throw damaged('Pickle: a number is too long.');
    let value = 0n;
    const bytes = this.#take(length);
    bytes.forEach((byte, at) => (value |= BigInt(byte) << BigInt(8 * at)));
    const signed = BigInt.asIntN(8 * Math.max(1, length), value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }
}
