package falcon.model.pytorch;

import falcon.model.MalformedModelException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A pickle machine that builds [Value]s and runs nothing.
///
/// It has a stack, marks on it, and a memo, like Python's own (`Lib/pickle.py`). Every instruction
/// takes at least one byte and creates at most one value, and their number is bounded, so a hostile
/// pickle costs bounded time and memory; values are never traversed, so depth costs nothing.
final class Unpickler {
  /// Greatest number of instructions of one pickle; a checkpoint takes about fifty per tensor.
  private static final int MOST_INSTRUCTIONS = 1 << 21;

  private static final int NEWEST_PROTOCOL = 5;

  private static final String STATE_DICT_ALONE =
      "Save the weights alone, torch.save(model.state_dict(), \"weights.pth\"), and use that file.";

  private final PickleInput in;
  private final Map<String, Value.Storage> storages = new LinkedHashMap<>();
  private final List<Value> stack = new ArrayList<>();
  private final Deque<Integer> marks = new ArrayDeque<>();
  private final Map<Long, Value> memo = new HashMap<>();

  Unpickler(PickleInput in) {
    this.in = in;
  }

  /// Returns all storages that the pickles loaded so far refer to, by key.
  Map<String, Value.Storage> storages() {
    return storages;
  }

  /// Loads the next pickle; the input is then behind it.
  ///
  /// @throws MalformedModelException if it is damaged, or uses a name outside [Globals]
  Value load() {
    stack.clear();
    marks.clear();
    memo.clear();
    for (int i = 0; i < MOST_INSTRUCTIONS; i++) {
      int code = in.u8();
      var opcode = Opcode.of(code);
      if (opcode == null) {
        throw in.malformed("has instruction 0x%02x, which no state dict needs".formatted(code));
      }
      if (opcode == Opcode.STOP) {
        return pop();
      }
      execute(opcode);
    }
    throw in.malformed("has more than %d instructions".formatted(MOST_INSTRUCTIONS));
  }

  private void execute(Opcode opcode) {
    switch (opcode) {
      case PROTO -> checkProtocol(in.u8());
      case FRAME -> in.i64();
      case STOP -> throw new IllegalStateException("handled by the loop");
      case MARK -> marks.push(stack.size());
      case POP -> pop();
      case POP_MARK -> popToMark();
      case DUP -> stack.add(top());
      case NONE -> stack.add(new Value.None());
      case NEWTRUE -> stack.add(new Value.Truth(true));
      case NEWFALSE -> stack.add(new Value.Truth(false));
      case BININT -> pushWhole(in.i32());
      case BININT1 -> pushWhole(in.u8());
      case BININT2 -> pushWhole(in.u16());
      case LONG1 -> pushLong(in.bytes(in.u8()));
      case BINFLOAT -> stack.add(real());
      case BINUNICODE -> pushText(in.u32());
      case SHORT_BINUNICODE -> pushText(in.u8());
      case BINUNICODE8 -> pushText(in.i64());
      case BINSTRING -> pushText(in.u32());
      case SHORT_BINSTRING -> pushText(in.u8());
      case BINBYTES -> skipBytes(in.u32());
      case SHORT_BINBYTES -> skipBytes(in.u8());
      case EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET -> pushSequence(List.of());
      case APPEND -> append(List.of(pop()));
      case APPENDS, ADDITEMS -> append(popToMark());
      case TUPLE, FROZENSET -> pushSequence(popToMark());
      case TUPLE1 -> pushSequence(pop(1));
      case TUPLE2 -> pushSequence(pop(2));
      case TUPLE3 -> pushSequence(pop(3));
      case EMPTY_DICT -> stack.add(new Value.Dictionary());
      case SETITEM -> putAll(pop(2));
      case SETITEMS -> putAll(popToMark());
      case BINPUT -> memo.put((long) in.u8(), top());
      case LONG_BINPUT -> memo.put(in.u32(), top());
      case MEMOIZE -> memo.put((long) memo.size(), top());
      case BINGET -> stack.add(remembered(in.u8()));
      case LONG_BINGET -> stack.add(remembered(in.u32()));
      case GLOBAL -> pushGlobal(in.line(), in.line());
      case STACK_GLOBAL -> pushStackGlobal();
      case REDUCE -> reduce();
      case BUILD -> pop();
      case BINPERSID -> pushStorage(pop());
    }
  }

  private void checkProtocol(int protocol) {
    if (protocol > NEWEST_PROTOCOL) {
      throw in.malformed("has protocol %d, newer than %d".formatted(protocol, NEWEST_PROTOCOL));
    }
  }

  private Value top() {
    var value = pop();
    stack.add(value);
    return value;
  }

  private Value pop() {
    int bottom = marks.isEmpty() ? 0 : marks.peek();
    if (stack.size() <= bottom) {
      throw in.malformed("takes from an empty stack");
    }
    return stack.removeLast();
  }

  private List<Value> pop(int count) {
    int bottom = marks.isEmpty() ? 0 : marks.peek();
    if (stack.size() - count < bottom) {
      throw in.malformed("takes from an empty stack");
    }
    return cut(stack.size() - count);
  }

  private List<Value> popToMark() {
    if (marks.isEmpty()) {
      throw in.malformed("goes back to a mark that it never set");
    }
    return cut(marks.pop());
  }

  /// Removes and returns all values from `start` up on the stack.
  private List<Value> cut(int start) {
    var tail = stack.subList(start, stack.size());
    var values = List.copyOf(tail);
    tail.clear();
    return values;
  }

  private Value remembered(long index) {
    var value = memo.get(index);
    if (value == null) {
      throw in.malformed(
          "asks for value %d of its memo, which it never put there".formatted(index));
    }
    return value;
  }

  private void pushWhole(long number) {
    stack.add(new Value.Whole(BigInteger.valueOf(number)));
  }

  /// Pushes a number in little-endian two's complement; an empty array is 0.
  private void pushLong(byte[] bytes) {
    var bigEndian = new byte[bytes.length + (bytes.length == 0 ? 1 : 0)];
    for (int i = 0; i < bytes.length; i++) {
      bigEndian[i] = bytes[bytes.length - 1 - i];
    }
    stack.add(new Value.Whole(new BigInteger(bigEndian)));
  }

  private Value real() {
    return new Value.Real(Double.longBitsToDouble(Long.reverseBytes(in.i64())));
  }

  private void pushText(long length) {
    stack.add(new Value.Text(new String(in.bytes(length), StandardCharsets.UTF_8)));
  }

  private void skipBytes(long length) {
    in.bytes(length);
    stack.add(new Value.Inert("bytes"));
  }

  private void pushSequence(List<Value> items) {
    stack.add(new Value.Sequence(items));
  }

  private void append(List<Value> items) {
    if (!(top() instanceof Value.Sequence sequence)) {
      throw in.malformed("appends to %s".formatted(top().kind()));
    }
    sequence.items().addAll(items);
  }

  private void putAll(List<Value> keysAndValues) {
    if (!(top() instanceof Value.Dictionary dictionary) || keysAndValues.size() % 2 != 0) {
      throw in.malformed("puts entries into %s".formatted(top().kind()));
    }
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      dictionary.put(keysAndValues.get(i), keysAndValues.get(i + 1));
    }
  }

  private void pushStackGlobal() {
    var names = pop(2);
    if (names.get(0) instanceof Value.Text(String module)
        && names.get(1) instanceof Value.Text(String name)) {
      pushGlobal(module, name);
    } else {
      throw in.malformed("names something by %s".formatted(names.get(0).kind()));
    }
  }

  private void pushGlobal(String module, String name) {
    var named = Globals.find(module, name);
    if (named == null) {
      throw in.malformed(
          "names '%s.%s', which is not on the list of what a checkpoint may name;"
                  .formatted(module, name)
              + " nothing was executed",
          STATE_DICT_ALONE);
    }
    stack.add(named);
  }

  private void reduce() {
    var arguments = pop();
    var callable = pop();
    if (!(callable instanceof Value.Named(String name))
        || !(arguments instanceof Value.Sequence sequence)) {
      throw in.malformed("calls %s with %s".formatted(callable.kind(), arguments.kind()));
    }
    try {
      stack.add(Globals.call(name, sequence.items()));
    } catch (IllegalArgumentException e) {
      throw in.malformed("calls %s wrongly: %s".formatted(name, e.getMessage()));
    }
  }

  /// Pushes a storage. A persistent id is `('storage', class, key, device, elements)`, in legacy
  /// files with a sixth item for views of a storage, which PyTorch stopped writing in 2017.
  private void pushStorage(Value id) {
    if (id instanceof Value.Sequence tuple
        && tuple.items().size() >= 5
        && tuple.items().get(0) instanceof Value.Text(String word)
        && word.equals("storage")
        && tuple.items().get(1) instanceof Value.StorageClass(var type)
        && tuple.items().get(2) instanceof Value.Text(String key)
        && tuple.items().get(4) instanceof Value.Whole elements
        && (tuple.items().size() == 5 || tuple.items().get(5) instanceof Value.None)) {
      stack.add(storage(type, key, elements));
    } else {
      throw in.malformed("refers to something outside of it that is no storage");
    }
  }

  private Value.Storage storage(Globals.StorageType type, String key, Value.Whole elements) {
    Value.Storage storage;
    try {
      storage = new Value.Storage(type, key, Globals.whole(elements));
      storage.bytes();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw in.malformed("has storage '%s' of an impossible length".formatted(key));
    }
    var known = storages.putIfAbsent(key, storage);
    if (known != null && !known.equals(storage)) {
      throw in.malformed("gives storage '%s' two different types or lengths".formatted(key));
    }
    return storage;
  }
}
