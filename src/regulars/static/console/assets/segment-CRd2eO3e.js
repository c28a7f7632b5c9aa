const s=[15,60,360,1440,10080];function t(e){return e.age_seconds===null||e.state!=="active"||!e.every_minutes?!1:e.age_seconds>e.every_minutes*90}export{s as e,t as i};
