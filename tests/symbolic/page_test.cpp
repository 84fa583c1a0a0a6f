/// The page and the drawing as XML, what they say, and that they stay usable for large graphs.
#include "leapgraph/symbolic/page.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/print/layout.hpp"

namespace leapgraph::symbolic {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// What is wrong with a text as XML, for the part of XML that pages use; empty: nothing.
std::string fault_of(const std::string& text) {
  std::vector<std::string> open;
  std::size_t i = 0;
  const auto excerpt = [&] { return " at " + std::to_string(i) + ": " + text.substr(i, 60); };
  while (i < text.size()) {
    if (text.compare(i, 9, "<![CDATA[") == 0) {
      i = text.find("]]>", i);
      if (i == std::string::npos) return "CDATA does not end";
      i += 3;
    } else if (text.compare(i, 9, "<!DOCTYPE") == 0) {
      i = text.find('>', i) + 1;
    } else if (text[i] == '<') {
      const bool closes = text[i + 1] == '/';
      std::size_t k = i + (closes ? 2 : 1), start = k;
      while (k < text.size() && (std::isalnum(static_cast<unsigned char>(text[k])) != 0 || text[k] == '-')) ++k;
      const std::string name = text.substr(start, k - start);
      if (name.empty()) return "no tag" + excerpt();
      std::map<std::string, bool> attributes;
      while (k < text.size() && text[k] != '>' && text[k] != '/') {
        if (std::isspace(static_cast<unsigned char>(text[k])) != 0) {
          ++k;
          continue;
        }
        const std::size_t equals = text.find('=', k);
        if (equals == std::string::npos || text[equals + 1] != '"') return "an attribute without quotes" + excerpt();
        if (!attributes.emplace(text.substr(k, equals - k), true).second) return "an attribute twice" + excerpt();
        const std::size_t end = text.find('"', equals + 2);
        if (text.substr(equals + 2, end - equals - 2).find('<') != std::string::npos) return "< in quotes" + excerpt();
        k = end + 1;
      }
      const bool is_empty = text[k] == '/';
      if (is_empty) ++k;
      if (k >= text.size() || text[k] != '>') return "a tag does not end" + excerpt();
      if (closes) {
        if (open.empty() || open.back() != name) return "closes " + name + excerpt();
        open.pop_back();
      } else if (!is_empty) {
        open.push_back(name);
      }
      i = k + 1;
    } else if (text[i] == '&') {
      const std::size_t end = text.find(';', i);
      const std::string entity = text.substr(i, end - i + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;" && entity != "&#39;")
        return "an unknown entity" + excerpt();
      i = end + 1;
    } else {
      if (text[i] == '>') return "a bare >" + excerpt();
      ++i;
    }
  }
  return open.empty() ? "" : "does not close " + open.back();
}

Graph example() {
  const Expr x = dvector("<a&\"b'\">"), y = dscalar("]]> </script>");
  const Expr last = scan(
                        [&](const Exprs& c, const Exprs& e) {
                          return ScanBody{{tanh(c[0] * e[0] + y)}, {}};
                        },
                        {1.0}, {x})
                        .carry[0];
  const Expr chosen = ifelse(
      y > 0.0, [&] { return Exprs{log(y)}; },
      [&] {
        return Exprs{sum(last * constant(Array::vector({1, 2, 3})))};
      })[0];
  const Expr cost = sum(log(1.0 + exp(x))) * last + sum(chosen);
  return {{x, y}, {cost, grad(cost, x)}};
}

TEST(Page, IsWellFormedWhateverTheNamesAre) {
  const Graph graph = example();
  for (const std::string& page : {html_page(graph, {.title = "<&> \"model\""}), to_svg(graph),
                                  stages_page(graph, std::vector<Shape>{{3}, {}}, {.title = "stages"})}) {
    EXPECT_EQ(fault_of(page), "");
    EXPECT_TRUE(has(page, "&lt;a&amp;&quot;b&#39;&quot;&gt;")) << "the name of a variable is escaped";
    EXPECT_FALSE(has(page, "src=") || has(page, "url(") || has(page, "@import")) << "nothing is loaded";
  }
  EXPECT_EQ(fault_of("<a><b></a>").substr(0, 8), "closes a") << "the checker checks";
}

TEST(Page, SaysOfEachNodeWhatIsKnown) {
  const std::string page = stages_page(example(), std::vector<Shape>{{3}, {}});
  for (const char* part : {"page_test.cpp:", "softplus", "carry 0", "rewritten", "kernels", "for (long",
                           "stability, 'log(1 + exp(x))'", "[1, 2, 3]"})
    EXPECT_TRUE(has(page, part)) << part;
  EXPECT_TRUE(has(page, "\"op\":\"scan\"")) << "the facts are JSON";
  // Every number of a box is a row of the facts.
  std::size_t rows = 0;
  for (std::size_t i = page.find("{\"op\":"); i != std::string::npos; i = page.find("{\"op\":", i + 1)) ++rows;
  const std::string drawn = page.substr(0, page.find("<script"));
  for (std::size_t i = drawn.find("data-n=\""); i != std::string::npos; i = drawn.find("data-n=\"", i + 1))
    EXPECT_LT(std::stoul(drawn.substr(i + 8)), rows);
}

TEST(Page, StaysUsableForLargeGraphs) {
  const Expr x = dvector("x");
  Expr deep = x, wide = x;
  for (int i = 0; i < 20'000; ++i) deep = sin(deep) * x;
  for (int i = 0; i < 3'000; ++i) wide = wide + exp(x * static_cast<double>(i + 1));
  const auto start = std::chrono::steady_clock::now();
  const std::string page = html_page({{x}, {deep, wide}});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(fault_of(page), "");
  EXPECT_TRUE(has(page, "4000 of 49001 nodes are drawn")) << page.substr(page.find("class=\"note"), 200);
  EXPECT_LT(page.size(), 12'000'000u);
  EXPECT_LT(seconds, 20) << "a second or so, on a machine that is not busy";
}

TEST(Layout, LetsNoBoxesOverlapAndLinksGoDown) {
  std::vector<Box> boxes(60);
  std::vector<Link> links;
  std::uint32_t state = 7;
  const auto random = [&state](std::size_t n) {
    state = state * 1664525u + 1013904223u;
    return static_cast<std::size_t>(state >> 8) % n;
  };
  for (std::size_t b = 0; b < boxes.size(); ++b) {
    boxes[b].width = 20 + static_cast<double>(random(100));
    boxes[b].height = 20 + static_cast<double>(random(40));
    for (std::size_t k = 0; b > 4 && k < 1 + random(3); ++k) links.push_back({random(b), b});
  }
  const Point size = lay_out(boxes, links);
  for (std::size_t a = 0; a < boxes.size(); ++a) {
    EXPECT_GE(boxes[a].x, -1e-6);
    EXPECT_LE(boxes[a].x + boxes[a].width, size.x + 1e-6);
    EXPECT_LE(boxes[a].y + boxes[a].height, size.y + 1e-6);
    for (std::size_t b = 0; b < a; ++b) {
      const bool apart = boxes[a].x + boxes[a].width <= boxes[b].x || boxes[b].x + boxes[b].width <= boxes[a].x ||
                         boxes[a].y + boxes[a].height <= boxes[b].y || boxes[b].y + boxes[b].height <= boxes[a].y;
      EXPECT_TRUE(apart) << a << " and " << b;
    }
  }
  for (const Link& link : links) {
    EXPECT_LT(boxes[link.from].y + boxes[link.from].height, boxes[link.to].y);
    for (std::size_t k = 1; k < link.path.size(); ++k) EXPECT_LE(link.path[k - 1].y, link.path[k].y);
  }
}

TEST(Layout, DrawsAChainAsAStraightLine) {
  std::vector<Box> boxes(5, Box{.width = 40, .height = 20});
  std::vector<Link> links{{0, 1}, {1, 2}, {2, 3}, {3, 4}};
  const Point size = lay_out(boxes, links);
  EXPECT_DOUBLE_EQ(size.x, 40);
  for (const Box& box : boxes) EXPECT_DOUBLE_EQ(box.x, 0);
}

}  // namespace
}  // namespace leapgraph::symbolic
