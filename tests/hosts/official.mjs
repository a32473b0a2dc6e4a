// The official TypeScript client as a host: reads what to do as JSON from stdin, and prints what came of it as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { command, env, root, calls } = JSON.parse(Buffer.concat(chunks).toString());

const client = new Client(
  { name: "typescript", version: "1" },
  { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
);
client.setRequestHandler(CreateMessageRequestSchema, () => ({
  role: "assistant",
  content: { type: "text", text: "a sampled answer" },
  model: "none",
}));
client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: root, name: "root" }] }));

const [program, ...args] = command;
await client.connect(new StdioClientTransport({ command: program, args, env: { ...process.env, ...env } }));
const { tools } = await client.listTools();
const results = [];
const progress = [];
for (const [name, args] of calls) {
  const call = client.callTool({ name, arguments: args }, undefined, {
    timeout: 20_000,
    onprogress: (step) => progress.push(step.progress),
  });
  results.push(await call.catch(({ code, message }) => ({ error: { code, message } })));
}
await client.close();
process.stdout.write(JSON.stringify({ tools: tools.map((tool) => tool.name), results, progress }));
