/** What picocli looks for. Depends on nothing. */
@NullMarked
package groovy.lang;

import org.jspecify.annotations.NullMarked;
