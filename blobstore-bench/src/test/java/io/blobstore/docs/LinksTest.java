package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every link in the documents to a file of this repository, or to a heading in it, leads somewhere. */
class LinksTest {
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)|<(https?:[^>\\s]+)>");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

    @Test
    void everyLinkToThisRepositoryLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        List<Page> pages = Page.all();
        assertThat(pages).hasSizeGreaterThan(20);
        for (Page page : pages) {
            for (String link : links(page)) {
                if (!isExternal(link) && !leads(page, link)) {
                    broken.add(page + ": " + link);
                }
            }
        }
        assertThat(broken).as("links to files or headings that are missing").isEmpty();
    }

    /** Other servers are not asked: what can be checked is that the address is one, and encrypted. */
    @Test
    void everyLinkToAnotherServerIsHttps() {
        List<String> wrong = new ArrayList<>();
        for (Page page : Page.all()) {
            for (String link : links(page)) {
                if (isExternal(link)
                        && (!link.startsWith("https://") || URI.create(link).getHost() == null)) {
                    wrong.add(page + ": " + link);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** A page that no other page links to is not found. */
    @Test
    void everyPageIsReachableFromTheReadme() throws IOException {
        Set<Path> reached = new HashSet<>();
        List<Path> open = new ArrayList<>(List.of(Page.ROOT.resolve("README.md").toRealPath()));
        while (!open.isEmpty()) {
            Path path = open.remove(open.size() - 1);
            if (reached.add(path)) {
                for (String link : links(new Page(path, Files.readString(path)))) {
                    Path target = path.resolveSibling(link.replaceFirst("#.*", ""));
                    if (!isExternal(link) && link.contains(".md") && Files.exists(target)) {
                        open.add(target.toRealPath());
                    }
                }
            }
        }
        List<String> lost = new ArrayList<>();
        for (Page page : Page.all()) {
            if (!reached.contains(page.path().toRealPath()) && !page.toString().contains("/adr/")) {
                lost.add(page.toString());
            }
        }
        assertThat(lost).as("pages to add to docs/README.md").isEmpty();
    }

    private static List<String> links(Page page) {
        return LINK.matcher(page.prose())
                .results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .toList();
    }

    private static boolean isExternal(String link) {
        return link.contains(":");
    }

    private static boolean leads(Page page, String link) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? page.path() : page.path().resolveSibling(parts[0]);
        return Files.exists(target)
                && (parts.length == 1 || anchors(Files.readString(target)).contains(parts[1]));
    }

    /** Returns the anchors that GitHub gives to the headings of a page. */
    private static Set<String> anchors(String text) {
        Map<String, Integer> uses = new HashMap<>();
        Set<String> anchors = new HashSet<>();
        Matcher heading = HEADING.matcher(new Page(Page.ROOT, text).prose());
        while (heading.find()) {
            String anchor = heading.group(1)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\w\\- ]", "")
                    .replace(' ', '-');
            int before = uses.merge(anchor, 1, Integer::sum) - 1;
            anchors.add(before == 0 ? anchor : anchor + "-" + before);
        }
        return anchors;
    }
}
