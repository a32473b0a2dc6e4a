// Reads each line of stdin by JSON.parse, and says what it has read: see readers.py.
import { stdin, stdout } from "node:process";

function tell(value) {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return ["text", value];
  if (typeof value === "number") return ["number", Object.is(value, -0) ? "-0" : String(value)];
  if (Array.isArray(value)) return ["array", value.map(tell)];
  return ["object", Object.entries(value).map(([name, member]) => [name, tell(member)])];
}

function read(line) {
  try {
    return tell(JSON.parse(line.toString("utf8")));
  } catch (error) {
    return ["refused", String(error)];
  }
}

// Not by `readline`: a carriage return ends no line here.
let rest = Buffer.alloc(0);
stdin.on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) {
    stdout.write(`${JSON.stringify(read(rest.subarray(0, end)))}\n`);
  }
});
