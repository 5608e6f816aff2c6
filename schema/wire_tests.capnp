@0xc6e1f07d3a9b5842;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("troupe::schema::tests");

# Messages that only the tests of runtime/wire use: the same conversation in an older and a newer version.

struct Letter {
  id @0 :Int64;
  subject @1 :Text;
  lines @2 :List(Text);
  body @3 :UInt32 = 0xffffffff; # attachment
  answer :union {
    none @4 :Void;
    quote @5 :Letter;
  }
}

struct NewerLetter {
  # What a later version might send to one that knows Letter.
  id @0 :Int64;
  subject @1 :Text;
  lines @2 :List(Text);
  body @3 :UInt32 = 0xffffffff;
  answer :union {
    none @4 :Void;
    quote @5 :NewerLetter;
    forward @6 :Text;
  }
  urgent @7 :Bool;
  tags @8 :List(Text);
}

struct Twisted {
  # The pointers of Letter with other kinds behind them.
  id @0 :Int64;
  subject @1 :List(Letter);
  lines @2 :Text;
}

struct Number {
  # No pointers: its message has an exact size.
  value @0 :Int64;
}

struct Grid {
  # Lists of lists.
  rows @0 :List(List(Text));
  counts @1 :List(List(Int32));
}
