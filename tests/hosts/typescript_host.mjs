// The official TypeScript client as a host of the matrix: the steps of plan.py, in another language.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const PATIENCE = 8_000;
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { server, steps } = JSON.parse(Buffer.concat(chunks).toString());

const client = new Client({ name: "typescript", version: "1" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, () => ({
  action: "accept",
  content: { username: "Ada", email: "ada@example.com" },
}));

function transport() {
  if (server.transport === "sse") return new SSEClientTransport(new URL(server.url));
  if (server.url) return new StreamableHTTPClientTransport(new URL(server.url));
  const [command, ...args] = server.command;
  return new StdioClientTransport({ command, args });
}

async function call(tool, args, options = {}) {
  const result = await client.callTool({ name: tool, arguments: args }, undefined, { timeout: 70_000, ...options });
  return { text: result.content.map((block) => block.text ?? "").join(""), error: result.isError === true };
}

const waits = async () => JSON.parse((await call("seen", {})).text);

async function until(counter, moreThan) {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    if ((await waits())[counter] > moreThan) return true;
    await new Promise((soon) => setTimeout(soon, 50));
  }
  return false;
}

async function cancelled() {
  const before = await waits();
  const abort = new AbortController();
  const waiting = call("wait", { seconds: 60 }, { signal: abort.signal }).catch(() => undefined);
  const begun = await until("begun", before.begun);
  abort.abort();
  await waiting;
  return { begun, cancelled: await until("cancelled", before.cancelled) };
}

async function take(step) {
  if (step.step === "list") return { tools: (await client.listTools()).tools.map((tool) => tool.name) };
  if (step.step === "cancel") return cancelled();
  const progress = [];
  const result = await call(step.tool, step.arguments, { onprogress: (told) => progress.push(told.progress) });
  return { ...result, progress };
}

await client.connect(transport());
for (const step of steps) {
  const told = await take(step).catch((wrong) => ({ raised: String(wrong) }));
  process.stdout.write(`${JSON.stringify({ step: step.step, ...told })}\n`);
}
await client.close();
