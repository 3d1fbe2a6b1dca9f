package io.blobstore.http;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * One page of a listing in XML: its entries, which are elements directly below the root that contain elements, and the
 * texts of the other elements there. Nothing is validated, so that one invalid entry does not invalidate the others.
 * Document types and external entities are not supported, nor are documents that are much larger than a page, in
 * entries, names or depth: memory is bounded whatever a server sends.
 *
 * @param root the root's name; empty if the body is not XML
 * @param fields the texts of the elements directly below the root by name, the first of each name
 * @param entries the entries in order
 * @param whole whether the document was parsed to its end
 */
public record XmlPage(String root, Map<String, String> fields, List<Entry> entries, boolean whole) {
    /** The maximum number of entries; servers send up to 1000. */
    private static final int MAX_ENTRIES = 10_000;

    /** The maximum number of different names of elements. */
    private static final int MAX_NAMES = 200;

    private static final int MAX_DEPTH = 20;

    /**
     * An entry of a listing.
     *
     * @param name the element's name
     * @param fields the texts of the elements directly below it by name, the first of each name
     */
    public record Entry(String name, Map<String, String> fields) {
        /** Returns the text of the first element with a name directly below the entry. */
        public Optional<String> text(String field) {
            return Optional.ofNullable(fields.get(field));
        }
    }

    /** Parses the body of a response. */
    public static XmlPage of(byte[] body) {
        Builder builder = new Builder();
        boolean whole = false;
        if (body.length > 0) {
            try {
                builder.read(XmlResponse.XML.createXMLStreamReader(new ByteArrayInputStream(body)));
                whole = true;
            } catch (XMLStreamException | RuntimeException e) {
                whole = false; // truncated, or not XML
            }
        }
        return new XmlPage(builder.root, builder.fields, builder.entries, whole);
    }

    /** Returns the text of the first element with a name directly below the root. */
    public Optional<String> text(String name) {
        return Optional.ofNullable(fields.get(name));
    }

    private static final class Builder {
        private final Map<String, String> fields = new TreeMap<>();
        private final List<Entry> entries = new ArrayList<>();
        private final Set<String> names = new HashSet<>();
        private String root = "";

        void read(XMLStreamReader reader) throws XMLStreamException {
            StringBuilder text = new StringBuilder();
            Map<String, String> entry = new TreeMap<>();
            int depth = 0;
            while (reader.hasNext()) {
                switch (reader.next()) {
                    case XMLStreamConstants.START_ELEMENT -> {
                        depth++;
                        text.setLength(0);
                        names.add(reader.getLocalName());
                        if (depth > MAX_DEPTH || names.size() > MAX_NAMES || entries.size() > MAX_ENTRIES) {
                            throw new XMLStreamException("not a page of a listing");
                        }
                        if (depth == 1) {
                            root = reader.getLocalName();
                        } else if (depth == 2) {
                            entry = new TreeMap<>();
                        }
                    }
                    case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> text.append(reader.getText());
                    case XMLStreamConstants.END_ELEMENT -> {
                        if (depth == 3) {
                            entry.putIfAbsent(reader.getLocalName(), text.toString());
                        } else if (depth == 2 && !entry.isEmpty()) {
                            entries.add(new Entry(reader.getLocalName(), entry));
                        } else if (depth == 2) {
                            fields.putIfAbsent(reader.getLocalName(), text.toString());
                        }
                        depth--;
                        text.setLength(0);
                    }
                    default -> {
                        // comments and processing instructions are ignored
                    }
                }
            }
        }
    }
}
