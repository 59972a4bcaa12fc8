// The design system's behaviour: the menu on small screens, focus of error summaries. Pages read without it.
import { initAll } from './govuk-frontend.min.js';

document.body.classList.add('js-enabled', 'govuk-frontend-supported');
initAll();
