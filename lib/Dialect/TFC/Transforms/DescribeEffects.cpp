//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The partial order of a function's effects as text, DOT and JSON.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/Transforms/DescribeEffects.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/EffectOrder.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tfc;

namespace {

struct Node {
  Operation *op;
  int parent;      // position of the op whose region holds it, or -1
  unsigned region; // the number of that region
  unsigned depth;
};

struct Edge {
  unsigned from, to;
  std::string reason;
};

/// A location of the user, taken apart.
struct Source {
  std::string file, function;
  unsigned line = 0, column = 0;
};

class Graph {
public:
  explicit Graph(func::FuncOp function)
      : function(function), effects(function->getParentOfType<ModuleOp>()) {
    for (Block &block : function.getBody())
      add(block, -1, 0, 0);
  }

  std::string text();
  std::string dot();
  std::string json();

private:
  void add(Block &block, int parent, unsigned region, unsigned depth);
  std::string resources(Operation *op);
  llvm::json::Object toJson(unsigned id);

  func::FuncOp function;
  EffectAnalysis effects;
  SmallVector<Node> nodes;
  std::vector<Edge> edges;
};

} // namespace

static Source findSource(Location location) {
  Source source;
  location->walk([&](Location inner) {
    if (auto name = dyn_cast<NameLoc>(inner))
      source.function = name.getName().str();
    auto line = dyn_cast<FileLineColLoc>(inner);
    if (!line)
      return WalkResult::advance();
    source.file = line.getFilename().str();
    source.line = line.getLine();
    source.column = line.getColumn();
    return WalkResult::interrupt();
  });
  return source;
}

static StringRef regionName(Operation *op, unsigned region) {
  if (isa<IfOp>(op))
    return region == 0 ? "then" : "else";
  if (isa<WhileOp>(op))
    return region == 0 ? "while" : "do";
  return "region";
}

static StringRef kindOf(const EffectSet &set) {
  if (set.external)
    return "external";
  if (set.writes())
    return "write";
  return set.mayStop() ? "assert" : "read";
}

static StringRef accessName(uint8_t access) {
  return access == kReadWrite ? "reads and writes"
         : access == kWrite   ? "writes"
                              : "reads";
}

void Graph::add(Block &block, int parent, unsigned region, unsigned depth) {
  BlockOrder order = orderBlock(block, effects);
  SmallVector<unsigned> ids;
  for (auto [op, follows] : llvm::zip(order.ops, order.follows)) {
    unsigned id = nodes.size();
    ids.push_back(id);
    nodes.push_back({op, parent, region, depth});
    for (unsigned position : follows) {
      Operation *first = order.ops[position];
      auto conflict = findConflict(effects.get(first), effects.get(op));
      edges.push_back({ids[position], id,
                       describeConflict(function, first, op, *conflict)});
    }
    for (Region &nested : op->getRegions())
      for (Block &inner : nested)
        add(inner, id, nested.getRegionNumber(), depth + 1);
  }
}

std::string Graph::resources(Operation *op) {
  const EffectSet &set = effects.get(op);
  if (set.external)
    return "may touch anything";
  std::string text;
  for (auto [resource, access] : set.touched) {
    if (!text.empty())
      text += ", ";
    if (resource == kOutcome)
      text += "may stop";
    else
      text +=
          (accessName(access) + " " + resourceName(function, resource)).str();
  }
  return text;
}

std::string Graph::text() {
  std::string buffer;
  llvm::raw_string_ostream os(buffer);
  os << "effects of @" << function.getName() << ": " << nodes.size()
     << ", with " << edges.size() << " edges\n";
  DenseMap<unsigned, SmallVector<const Edge *>> incoming;
  for (const Edge &edge : edges)
    incoming[edge.to].push_back(&edge);
  int parent = -1;
  unsigned region = 0;
  for (auto [id, node] : llvm::enumerate(nodes)) {
    if (node.parent >= 0 && (node.parent != parent || node.region != region))
      os.indent(4 * node.depth - 2)
          << regionName(nodes[node.parent].op, node.region) << ":\n";
    parent = node.parent, region = node.region;
    os.indent(4 * node.depth) << "#" << id << " ";
    if (std::string line = sourceLine(node.op->getLoc()); !line.empty())
      os << line << ": ";
    os << node.op->getName().stripDialect() << " " << resources(node.op)
       << "\n";
    for (const Edge *edge : incoming[id])
      os.indent(4 * node.depth + 4)
          << "after #" << edge->from << ": " << edge->reason << "\n";
  }
  return buffer;
}

static std::string quoted(StringRef text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string Graph::dot() {
  std::string buffer;
  llvm::raw_string_ostream os(buffer);
  os << "digraph " << quoted(function.getName()) << " {\n"
     << "  node [shape=box, fontname=\"sans-serif\"];\n"
     << "  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (auto [id, node] : llvm::enumerate(nodes)) {
    std::string line = sourceLine(node.op->getLoc());
    std::string label = line + (line.empty() ? "" : ": ") +
                        node.op->getName().stripDialect().str() + "; " +
                        resources(node.op);
    os << "  n" << id << " [label=" << quoted(label) << "];\n";
    if (node.parent >= 0)
      os << "  n" << node.parent << " -> n" << id
         << " [style=dotted, arrowhead=none, label="
         << quoted(regionName(nodes[node.parent].op, node.region)) << "];\n";
  }
  for (const Edge &edge : edges)
    os << "  n" << edge.from << " -> n" << edge.to
       << " [label=" << quoted(edge.reason) << "];\n";
  os << "}\n";
  return buffer;
}

llvm::json::Object Graph::toJson(unsigned id) {
  const Node &node = nodes[id];
  const EffectSet &set = effects.get(node.op);
  llvm::json::Array touched;
  for (auto [resource, access] : set.touched)
    touched.push_back(llvm::json::Object{
        {"name",
         resource == kOutcome ? "outcome" : resourceName(function, resource)},
        {"access", access == kReadWrite ? "readwrite"
                   : access == kWrite   ? "write"
                                        : "read"}});
  Source source = findSource(node.op->getLoc());
  return llvm::json::Object{{"id", id},
                            {"op", node.op->getName().getStringRef()},
                            {"kind", kindOf(set)},
                            {"resources", std::move(touched)},
                            {"external", set.external},
                            {"file", source.file},
                            {"line", source.line},
                            {"column", source.column},
                            {"function", source.function},
                            {"parent", node.parent < 0
                                           ? llvm::json::Value(nullptr)
                                           : llvm::json::Value(node.parent)},
                            {"region", node.region}};
}

std::string Graph::json() {
  llvm::json::Array nodeList, edgeList;
  for (unsigned id = 0; id < nodes.size(); ++id)
    nodeList.push_back(toJson(id));
  for (const Edge &edge : edges)
    edgeList.push_back(llvm::json::Object{
        {"from", edge.from}, {"to", edge.to}, {"reason", edge.reason}});
  std::string buffer;
  llvm::raw_string_ostream os(buffer);
  os << llvm::formatv("{0:2}", llvm::json::Value(llvm::json::Object{
                                   {"function", function.getName()},
                                   {"nodes", std::move(nodeList)},
                                   {"edges", std::move(edgeList)}}))
     << "\n";
  return buffer;
}

std::string tfc::describeEffects(func::FuncOp function, EffectFormat format) {
  Graph graph(function);
  switch (format) {
  case EffectFormat::Text:
    return graph.text();
  case EffectFormat::Dot:
    return graph.dot();
  case EffectFormat::Json:
    return graph.json();
  }
  return "";
}
